// For how long the image is the reviewer's alone, and when to ask for longer.

const KEEP_AFTER_MS = 60_000;

class Claim {
  constructor() {
    Object.assign(this, { until: null, endsAt: 0, askedAt: 0, activeAt: 0 });
  }

  // `until` tells claims apart; how long one holds is counted by this browser's own clock.
  renew({ claimed_until: until, claimed_for_s: seconds }) {
    if (until === this.until) return;
    this.until = until;
    this.askedAt = performance.now();
    this.endsAt = this.askedAt + seconds * 1000;
  }

  noteActivity() {
    this.activeAt = performance.now();
  }

  get left_s() {
    return Math.max(0, Math.round((this.endsAt - performance.now()) / 1000));
  }

  // Whether the reviewer has been at work for a while; said once a minute at most.
  get isToBeKept() {
    if (this.activeAt <= this.askedAt || performance.now() - this.askedAt < KEEP_AFTER_MS) return false;
    this.askedAt = performance.now();
    return true;
  }
}

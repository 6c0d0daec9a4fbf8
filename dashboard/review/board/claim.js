// The reviewer's claim on the image: the time left, and when to renew it.

const KEEP_AFTER_MS = 60_000;

class Claim {
  constructor() {
    Object.assign(this, { until: null, endsAt: 0, askedAt: 0, activeAt: 0 });
  }

  // `until` identifies the claim. The browser's own clock counts its duration.
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

  // Whether the reviewer has been active and the claim should be renewed; true at most once a minute.
  get needsRenewal() {
    if (this.activeAt <= this.askedAt || performance.now() - this.askedAt < KEEP_AFTER_MS) return false;
    this.askedAt = performance.now();
    return true;
  }
}

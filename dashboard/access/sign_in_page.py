"""The page on which users sign in with a link or a token. Plain HTML: only signed-in users reach Streamlit."""

from __future__ import annotations

from html import escape
from http import HTTPStatus

from starlette.responses import HTMLResponse

SIGN_IN, SIGN_OUT = "/sign-in", "/sign-out"

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Blurline</title>
{head}
<style>
:root {{ color-scheme: light dark; --accent: light-dark(#2f6f6b, #2f7d76); --line: light-dark(#d3d9d9, #3b4649);
  --quiet: light-dark(#5c6767, #a2adad); }}
body {{ font: 16px/1.5 "Source Sans", system-ui, sans-serif; margin: 0; display: grid; place-items: center;
  min-height: 100vh; background: light-dark(#fff, #12181a); color: light-dark(#1d2626, #e6ecec); }}
main {{ width: min(26rem, calc(100vw - 3rem)); padding-bottom: 10vh; }}
h1 {{ font-size: 1.9rem; margin: 0; line-height: 1.2; }}
p {{ margin: .5rem 0 1.5rem; }}
label {{ display: block; font-size: .875rem; margin-bottom: .25rem; }}
input, button {{ font: inherit; box-sizing: border-box; width: 100%; padding: .5rem .75rem; border-radius: .5rem; }}
input {{ border: 1px solid var(--line); background: light-dark(#f3f5f5, #1d2528); color: inherit; }}
button {{ margin-top: .75rem; border: 0; background: var(--accent); color: #fff; cursor: pointer; }}
:is(input, button):focus-visible {{ outline: 2px solid var(--accent); outline-offset: 2px; }}
code {{ font-size: .875em; }}
.error {{ padding: .75rem 1rem; border-radius: .5rem; background: light-dark(#fff4d6, #3c3312);
  color: light-dark(#7a4b00, #ffe08a); }}
.hint {{ color: var(--quiet); font-size: .875rem; margin: 1.5rem 0 0; }}
</style>
</head>
<body>
<main>{main}</main>
</body>
</html>
"""
_FORM = """
<h1>Blurline</h1>
<p>Blurline destroys the faces in photographs before anyone publishes them.</p>
{error}
<form method="post" action="{action}">
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="off" required autofocus>
<input name="next" type="hidden" value="{next}">
<button>Sign in</button>
</form>
<p class="hint">Your operator gives you a token, or a link that signs you in once. As the operator, run
<code>blurline dashboard-link</code> for a link to this page.</p>
"""

_REFUSED = """
<h1>Blurline</h1>
<p>The sign-in service did not sign you in. Its answer:</p>
<p class="error" role="alert">{says}</p>
<p><a href="/">Back to the dashboard</a></p>
<p class="hint">If this happens again, tell your operator.</p>
"""
_MOST_SAID = 300


def sign_in_page(following: str = "/", error: str = "", status: HTTPStatus = HTTPStatus.OK) -> HTMLResponse:
    """The page with the form. After the sign-in, the browser opens ``following``."""
    shown = f'<p class="error" role="alert">{escape(error)}</p>' if error else ""
    form = _FORM.format(action=SIGN_IN, next=escape(own_path(following)), error=shown)
    return HTMLResponse(_PAGE.format(head="", main=form), status, _HEADERS)


def issuer_error_page(says: str) -> HTMLResponse:
    """The page after a sign-in at the OpenID Connect issuer has failed. What it says may come with the address."""
    says = escape(says[:_MOST_SAID])
    return HTMLResponse(_PAGE.format(head="", main=_REFUSED.format(says=says)), HTTPStatus.BAD_REQUEST, _HEADERS)


def hop_page(following: str) -> HTMLResponse:
    """A page that opens ``following`` at once. Unlike after a redirect, the browser sends the session's cookie there
    even if a page of another site was the first to link to us."""
    following = own_path(following)
    refresh = f'<meta http-equiv="refresh" content="0; url={escape(following)}">'
    main = f'<p><a href="{escape(following)}">Continue</a></p>'
    return HTMLResponse(_PAGE.format(head=refresh, main=main), HTTPStatus.OK, _HEADERS)


def own_path(address: str) -> str:
    """The address if it is a path of ours, otherwise the first page. Browsers read `//` and `/\\` as another site."""
    is_own = address.startswith("/") and address[1:2] not in ("/", "\\") and address.isprintable()
    return address if is_own else "/"

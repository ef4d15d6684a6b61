"""The page at which a person enters the code that another device shows, and says who they are."""

from html import escape

from dyntui.sandbox.entra.directory import PEOPLE, find_person
from dyntui.sandbox.entra.grants import answer_device_code, read_form
from dyntui.sandbox.request import Request, Response, text_response
from dyntui.sandbox.state import State

_HTML = "text/html; charset=utf-8"


def show(state: State, request: Request) -> Response:
    """GET: the form; for whoever reads it without a browser, the call that does the same."""
    people = "".join(f"<option value={each.part}>{escape(each.name)}, {escape(each.title)}</option>" for each in PEOPLE)
    names = ", ".join(each.part for each in PEOPLE)
    return text_response(
        "<!doctype html><title>Sign in to the sandbox</title><h1>Sign in to the sandbox</h1><form method=post>"
        "<p><label>Code <input name=user_code required></label>"
        f"<p><label>You are <select name=as>{people}</select></label><p><button>Sign in</button></form>"
        "<p>Without a browser:<pre>\n"
        f"curl -k -d user_code=CODE -d as=manager {state.urls.entra}/devicelogin\n"
        f"</pre><p>as: {names}\n",
        content_type=_HTML,
    )


def answer(state: State, request: Request) -> Response:
    """POST: the person signs in. 400 for a code that does not wait, or somebody who is not there."""
    form = read_form(request)
    person = find_person(form.get("as", ""))
    if person is None:
        return _said(f"Nobody is called so; there are {', '.join(each.part for each in PEOPLE)}.", 400)
    if not answer_device_code(state, form.get("user_code", ""), person):
        return _said("No sign-in waits for this code.", 400)
    return _said(f"{person.name} is signed in. Go back to where the code was shown.")


def _said(text: str, status: int = 200) -> Response:
    return text_response(f"<!doctype html><title>Sandbox</title><p>{escape(text)}\n", status, _HTML)

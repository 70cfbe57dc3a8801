"""`/_sim/*`: how a test or the demo takes hold of a served simulator. No token is asked; only this machine may call.

None of it is faulted, throttled or logged.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
from werkzeug.wrappers import Request, Response

from sandbox.simkit.answers import json_response
from sandbox.simkit.faults import Fault

if TYPE_CHECKING:
    from sandbox.simkit.app import SimApp


class Refused(Exception):
    """The control request makes no sense; the message says why."""


class Unknown(Exception):
    """This simulator has nothing under that name."""


def answer(app: SimApp, request: Request) -> Response:
    """Carry out one control request. 400 names what is wrong with it, 404 an unknown route."""
    # Serving to other machines would hand them the controls.
    caller = request.remote_addr
    if caller is not None and not (caller.startswith("127.") or caller in ("::1", "::ffff:127.0.0.1")):
        return json_response({"error": "only this machine may control the simulator"}, 403)
    try:
        return json_response(_carry_out(app, request))
    except Unknown:
        return json_response({"error": f"{app.name} has no {request.method} {request.path}"}, 404)
    except Exception as wrong:
        # Whatever the simulator says of bad rows or names: it has its own exceptions. The caller is a developer.
        return json_response({"error": f"{type(wrong).__name__}: {wrong}"}, 400)


def _carry_out(app: SimApp, request: Request) -> Any:
    match request.method, request.path.removeprefix("/_sim/"):
        case "POST", "reset":
            app.faults.clear()
            app.reset()
            app.log.clear()
            return {"name": app.name}
        case "GET", "clock":
            return _time(app)
        case "POST", "clock":
            return _move_clock(app, _object(request))
        case "GET", "faults":
            return [{"fault": fault.__dict__, "left": left} for fault, left in app.faults.waiting()]
        case "POST", "faults":
            said = _body(request)
            faults = [Fault.from_json(one) for one in (said if isinstance(said, list) else [said])]
            for fault in faults:
                app.faults.add(fault)
            return {"added": len(faults)}
        case "DELETE", "faults":
            app.faults.clear()
            return {}
        case "GET", "log":
            entries = app.log.entries(int(request.args.get("since", 0)))
            return {"entries": [entry.to_json() for entry in entries]}
        case "DELETE", "log":
            app.log.clear()
            return {}
        case "GET", "counts":
            return app.log.counts()
        case "POST", "load":
            said = _object(request)
            return {"loaded": app.load(said["table"], said["rows"])}
        case "POST", "add" | "edit" | "delete":
            return _as_somebody(app, request.path.removeprefix("/_sim/"), _object(request))
        case "GET", "rows":
            return _rows(app, request)
        case "GET", "settings":
            return app.settings
        case "POST", "settings":
            said = _object(request)
            if unknown := set(said) - set(app.settings):
                raise Refused(f"{app.name} has no setting {', '.join(sorted(unknown))}")
            with app.lock:
                app.settings.update(said)
                app.settings_changed()
            return app.settings
        case "POST", verb if verb in app.actions:
            return app.actions[verb](**_object(request)) or {}
    raise Unknown


def _as_somebody(app: SimApp, verb: str, said: dict[str, Any]) -> dict[str, Any]:
    """Do what a person does at the screen: `{"set", "id", "values", "as": "people"}`; triggers run, limits do not."""
    act = getattr(app, verb, None)
    if act is None:
        raise Unknown
    as_ = said.get("as", "people")
    match verb:
        case "add":
            return {"id": act(said["set"], said["values"], as_=as_)}
        case "edit":
            act(said["set"], said["id"], as_=as_, **said["values"])
        case "delete":
            act(said["set"], said["id"], as_=as_)
    return {"id": said["id"]}


def _rows(app: SimApp, request: Request) -> Any:
    """Return every row of `?set=`, or the one with `&id=` (null when there is none), as it is sent."""
    get, every = getattr(app, "get", None), getattr(app, "all", None)
    if get is None or every is None:
        raise Unknown
    set_name = request.args["set"]
    return get(set_name, request.args["id"]) if "id" in request.args else every(set_name)


def _time(app: SimApp) -> dict[str, Any]:
    return {"now": app.clock.now().isoformat().replace("+00:00", "Z"), "frozen": app.clock.frozen}


def _move_clock(app: SimApp, said: dict[str, Any]) -> dict[str, Any]:
    """`{"set": iso}`, `{"advance": seconds}`, `{"freeze": iso or null}`, `{"run": true}`."""
    for verb, value in said.items():
        match verb:
            case "set":
                app.clock.set(datetime.fromisoformat(value))
            case "advance":
                app.clock.advance(float(value))
            case "freeze":
                app.clock.freeze(datetime.fromisoformat(value) if isinstance(value, str) else None)
            case "run":
                app.clock.run()
            case _:
                raise Refused(f"a clock knows set, advance, freeze and run, not {verb}")
    return _time(app)


def _body(request: Request) -> Any:
    return orjson.loads(request.get_data())


def _object(request: Request) -> dict[str, Any]:
    said = _body(request)
    if not isinstance(said, dict):
        raise Refused("a JSON object is expected")
    return said

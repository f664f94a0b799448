"""An explained model as text for a terminal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import product
from typing import Any

from offramp.tell import figures
from offramp.tell.terminal import Page

_ROOM = 12  # columns for the labels of an entry


def explanation_text(told: dict[str, Any], columns: int, colour: bool = False) -> str:
    """What `offramp explain` prints.

    Parameters
    ----------
    told : what `offramp.explain` gave, or some of its sections
    columns : to fill
    colour : mark headings
    """
    page = Page(columns)
    for section, content in told.items():
        _TELL[section](page, content)
        if section == "summary" and len(told) > 1:
            _contents(page, told)
    return page.text(colour)


def _contents(page: Page, told: dict[str, Any]) -> None:
    """What follows, and how to see a part of it alone."""
    page.gap()
    page.paragraph("Below, in this order; `--section NAME` shows one of them alone:")
    for section, content in told.items():
        if section != "summary":
            page.entry(section, f"{len(content)}" if content else "none", "  ", _ROOM)


def _summary(page: Page, told: dict[str, Any]) -> None:
    page.heading(told["title"] or told["name"])
    end = figures.end_words(date.fromisoformat(told["end"]))
    page.paragraph(
        f"{told['name']}: {told['steps']} {told['step']}s from {told['start']} to {end}. "
        f"File {told['file']}, {told['hash'][:12]}."
    )
    if told["extends"] is not None:
        below = told["extends"]
        page.paragraph(
            f"It extends {below['file']}, {below['hash'][:12]}, and says {below['changes']} things otherwise "
            "(`--section extends` lists them)."
        )
    if told["text"]:
        page.gap()
        page.paragraph(told["text"])
    n = told["counts"]
    page.gap()
    page.paragraph(
        f"{n['variables']} variables ({n['stocks']} stocks, {n['auxiliaries']} auxiliaries), "
        f"{n['parameters']} parameters ({n['uncertain']} uncertain), {n['actors']} actors with "
        f"{n['actions']} actions and {n['misreadings']} misreadings, {n['dated_events']} dated and "
        f"{n['random_events']} random events, {n['outcomes']} outcomes, "
        + (f"{n['ladders']} ladder{'s' if n['ladders'] != 1 else ''}, " if n["ladders"] else "")
        + f"{n['policies']} policies."
    )
    if told["illustrative"]:
        page.paragraph("Illustrative: its numbers are there to teach, and need no source.")
    else:
        page.paragraph(
            f"Its numbers rest on {n['sources']} sources: {n['sourced']} of its parts name one, "
            f"{n['guesses']} hold a guess (many do both)."
        )


def _actors(page: Page, told: list[dict[str, Any]]) -> None:
    for actor in told:
        page.heading(f"{_named(actor)}: {_mind(actor)}")
        _backing(page, actor, "  ")
        if actor["wants"]:
            page.gap()
            page.paragraph("Wants, in points per month, summed:", "  ")
            for term in actor["wants"]:
                page.entry(term["term"], term["formula"], "    ", 20)
        if actor["misreads"]:
            page.gap()
            page.paragraph("Misreads:", "  ")
            for m in actor["misreads"]:
                page.paragraph(m["title"] or m["parameter"], "    ")
                unit = f" {m['unit']}" if m["unit"] else ""
                page.entry("takes", f"{m['parameter']} for {m['takes_it_for']}{unit}", "      ", _ROOM)
                page.entry("in truth", f"{m['truth']}{unit}", "      ", _ROOM)
                _backing(page, m, "      ")
        if actor["types"]:
            _types(page, actor)
        if actor["beliefs"]:
            page.gap()
            page.paragraph("Believes:", "  ")
            for belief in actor["beliefs"]:
                _belief(page, belief)
        if actor["sees"]:
            page.gap()
            page.paragraph("Sees otherwise than they are:", "  ")
            for signal in actor["sees"]:
                page.entry(signal["variable"], _seen(signal), "    ", 20)
                _backing(page, signal, "      ")
        page.gap()
        page.paragraph("Can:", "  ")
        for action in actor["actions"]:
            page.paragraph(_named(action), "    ")
            for label, key in (("when", "when"), ("habit", "habit"), ("cost", "cost")):
                if action[key] is not None:
                    page.entry(label, action[key], "      ", _ROOM)
            _effects(page, action["effects"], "      ")
            _backing(page, action, "      ")


def _types(page: Page, actor: dict[str, Any]) -> None:
    """What an actor might be like, and how likely each type is the true one."""
    page.gap()
    page.paragraph("Might be:", "  ")
    chances = {c["type"]: c["chance"] for c in actor["true_type"]}
    for type_ in actor["types"]:
        page.paragraph(f"{_named(type_)}, with chance {chances[type_['name']]}", "    ")
        for value in type_["parameters"]:
            page.entry(value["parameter"], value["value"], "      ", 20)
        _backing(page, type_, "      ")


def _belief(page: Page, belief: dict[str, Any]) -> None:
    page.paragraph(f"of {belief['about']}", "    ")
    page.entry("prior", _shares(belief["prior"]), "      ", _ROOM)
    page.entry("in truth", _shares(belief["truth"]), "      ", _ROOM)
    how = [
        f"{key.replace('_', ' ')} {belief[key]}"
        for key in ("confirmation_bias", "fading", "floor")
        if belief[key] is not None
    ]
    learns = ", ".join(["by Bayes' rule", *how]) if belief["learns"] else "nothing"
    page.entry("learns", learns, "      ", _ROOM)
    _backing(page, belief, "      ")


def _shares(chances: list[dict[str, Any]]) -> str:
    return ", ".join(f"{c['type']} {c['chance']}" for c in chances)


def _mind(actor: dict[str, Any]) -> str:
    if not actor["depth"]:
        return "acts by habit"
    deeper, depth = "", actor["depth"]
    if isinstance(depth, str) or depth > 1:
        inner = actor["inner_horizon"]
        shown = "half as far" if inner is None else _months(inner)
        least = f"one level less than it does ({depth})" if isinstance(depth, str) else f"level {depth - 1}"
        deeper = f" and supposes that others think at up to {least} and look {shown} ahead"
    return (
        f"looks {_months(actor['horizon'])} ahead{deeper}, "
        f"precision {actor['precision'] or 'not given'}, discount {actor['discount'] or 'none'}"
    )


def _months(value: float | str) -> str:
    return "1 month" if value == 1 else f"{_number(value)} months"


def _number(value: float | str) -> str:
    """A number, or a formula in its place."""
    return value if isinstance(value, str) else f"{value:g}"


def _seen(signal: dict[str, Any]) -> str:
    if signal["hidden"]:
        return f"hidden; supposed to be {signal['assumed'] or 'as at the start'}"
    parts = []
    if signal["delay"]:
        parts.append(f"{signal['delay']} step{'s' if signal['delay'] != 1 else ''} late")
    if signal["bias"] is not None:
        parts.append(f"off by {signal['bias']}")
    if signal["noise"] is not None:
        parts.append(f"with noise of standard deviation {signal['noise']}")
    return ", ".join(parts) or "as it is"


def _variables(page: Page, told: list[dict[str, Any]]) -> None:
    page.heading("Variables")
    for v in told:
        page.gap()
        bounds = ""
        if v["bounds"]:
            held = "held within" if v["saturates"] else "must stay within"
            bounds = f"; {held} {v['bounds'][0]:g} to {v['bounds'][1]:g}"
        page.paragraph(f"{_named(v)}, {v['unit'] or 'a plain number'}{bounds}", "  ", "  ")
        rows = [
            ("starts at", v["initial"]),
            ("equals", v["equals"]),
            ("changes by", None if v["change"] is None else f"{v['change']}   per month"),
            ("noise", None if v["noise"] is None else f"{v['noise']}   standard deviation over a month"),
            ("depends on", ", ".join(v["depends_on"]["variables"] + v["depends_on"]["parameters"]) or None),
            ("moved by", "; ".join(f"{m['name']} ({_amount(m)})" for m in v["moved_by"]) or None),
        ]
        for label, text in rows:
            if text is not None:
                page.entry(label, text, "    ", _ROOM)
        _backing(page, v, "    ")


def _parameters(page: Page, told: list[dict[str, Any]]) -> None:
    page.heading("Parameters")
    for p in told:
        unit = f" {p['unit']}" if p["unit"] else ""
        page.entry(p["name"], f"{p['value']}{unit}" + (f"   {p['title']}" if p["title"] else ""), "  ", 24)
        if p["misread_by"]:
            page.entry("misread by", ", ".join(p["misread_by"]), "    ", _ROOM)
        _backing(page, p, "    ")


def _events(page: Page, told: list[dict[str, Any]]) -> None:
    dated = [e for e in told if e["date"]]
    for title, some in (("Calendar", dated), ("By chance", [e for e in told if not e["date"]])):
        if not some:
            continue
        page.heading(title)
        for event in some:
            page.gap()
            late = "" if event["in_horizon"] else " (outside the horizon)"
            page.paragraph(f"{event['date'] or ''}  {_named(event)}{late}".strip(), "  ")
            if event["rate"] is not None:
                once = ", at most once in a step" if event["once"] else ""
                page.entry("rate", f"{event['rate']}   per month{once}", "    ", _ROOM)
            _effects(page, event["effects"], "    ")
            _backing(page, event, "    ")
            for branch in event["branches"]:
                page.paragraph(f"or: {_named(branch)}, probability {branch['probability']}", "    ", "  ")
                _effects(page, branch["effects"], "      ")
                _backing(page, branch, "      ")


def _outcomes(page: Page, told: list[dict[str, Any]]) -> None:
    page.heading("Outcomes")
    for outcome in told:
        ends = "; the run ends with it" if outcome["absorbing"] else ""
        page.paragraph(f"{_named(outcome)}{ends}", "  ")
        if outcome["otherwise"]:
            page.entry("holds", "where no outcome that ends the run has come", "    ", _ROOM)
        elif outcome["when"] is None and outcome["rate"] is None:
            page.entry("comes", "from loss of control on a ladder alone", "    ", _ROOM)
        for label, key in (("when", "when"), ("rate", "rate")):
            if outcome[key] is not None:
                page.entry(label, outcome[key], "    ", _ROOM)
        for actor, worth in outcome["worth"].items():
            page.entry("worth", f"to {actor} {worth}", "    ", _ROOM)
        _backing(page, outcome, "    ")


def _ladders(page: Page, told: list[dict[str, Any]]) -> None:
    for ladder in told:
        one, other = ladder["sides"]
        page.heading(f"{_named(ladder)}: {one} and {other} climb, match or stand down")
        page.entry("opens", f"{ladder['rate']}   per month, at most once in a step", "  ", _ROOM)
        page.entry("first", f"{one} with chance {ladder['first'] or '0.5'}, else {other}", "  ", _ROOM)
        page.entry("lasts", f"{ladder['moves']} moves at most, then it peters out", "  ", _ROOM)
        worth = ", ".join(f"{points} to {side}" for side, points in ladder["war_worth"].items())
        page.entry("war", f"{ladder['war']}, worth {worth} (points)", "  ", _ROOM)
        _backing(page, ladder, "  ")
        page.gap()
        page.paragraph("Rungs, lowest first (points):", "  ")
        for rung in ladder["rungs"]:
            page.paragraph(_named(rung), "    ")
            if rung["loses_control"] is not None:
                page.entry("control", f"lost with chance {rung['loses_control']}", "      ", _ROOM)
            for label, key in (("harm", "harm"), ("stakes", "stakes"), ("yielding", "audience_cost")):
                text = "; ".join(f"{side} {points}" for side, points in rung[key].items())
                if text:
                    page.entry(label, text, "      ", _ROOM)
            _effects(page, rung["effects"], "      ")
            _backing(page, rung, "      ")


def _policies(page: Page, told: list[dict[str, Any]]) -> None:
    page.heading("Policies")
    for policy in told:
        aside = " (for comparisons only)" if policy["variant"] else ""
        page.paragraph(f"{_named(policy)}{aside}", "  ")
        if policy["all_of"]:
            page.entry("all of", ", ".join(policy["all_of"]), "    ", 33)
        if not policy["do"]:
            page.paragraph("changes nothing", "    ")
        for step in policy["do"]:
            span = " ".join(
                part
                for part in (
                    f"from {step['from']}" if step["from"] else "",
                    f"until {step['until']}" if step["until"] else "",
                )
                if part
            )
            page.entry(span or "always", "; ".join(_interventions(step)), "    ", 33)
        _backing(page, policy, "    ")


def _evidence(page: Page, told: list[dict[str, Any]]) -> None:
    page.heading("Evidence")
    if not told:
        page.paragraph("The model names no data to be held against.", "  ")
    for found in told:
        page.paragraph(_named(found), "  ")
        page.entry("observes", found["observes"], "    ", _ROOM)
        page.entry("data", f"{found['data']}, series {found['series']}: {found['rows']} rows", "    ", _ROOM)
        size = [f"{found[n]:g}{unit}" for n, unit in (("sd", ""), ("share", " of it")) if found[n]]
        if found["error"] == "poisson":
            size = [f"share listed {found['listed']:g}", f"{found['stray']:g} stray a month"]
        if found["lasting"]:
            size.append(f"{100 * found['lasting']:g} % of its variance fades over {found['lasts']:g} months")
        page.entry("error", f"{found['error']}, {', '.join(size)}", "    ", _ROOM)
        if found["rows"]:
            page.entry("known", f"{found['first']} to {found['last_known']}", "    ", _ROOM)
        _backing(page, found, "    ")


def _claims(page: Page, told: list[dict[str, Any]]) -> None:
    page.heading("Claims")
    if not told:
        page.paragraph("The model states no claims to be tested.", "  ")
    for found in told:
        page.paragraph(_named(found), "  ")
        for test in found["tests"]:
            size = f" by {test['least']:g} {test['unit']}".rstrip() if test["least"] else ""
            limits = [f"{v:g}" for v in test["limits"] if v is not None]
            size = size or f" {' to '.join(limits)} {test['unit']}".rstrip()
            title = f"{test['title']}: " if test["title"] else ""
            under = ", ".join(test["policies"])
            page.entry("expects", f"{title}{test['expect']}{size}: {under}", "    ", _ROOM)
            page.entry("because", test["reason"], "    ", _ROOM)
        _backing(page, found, "    ")
    if told:
        page.paragraph("`offramp claims` tests them.", "  ")


def _interventions(step: dict[str, Any]) -> list[str]:
    return [
        *(f"{actor} must {action}" for actor, action in step["force"].items()),
        *(f"{actor} may not {', '.join(actions)}" for actor, actions in step["forbid"].items()),
        *(f"{name} is {value:g}" for name, value in step["set"].items()),
        *(f"{name} {value:+g}" for name, value in step["shift"].items()),
        *(f"{actor} gets right: {', '.join(names)}" for actor, names in step["correct"].items()),
        *(
            f"{actor} takes {name} for {value:g}"
            for actor, pairs in step["misread"].items()
            for name, value in pairs.items()
        ),
        *(
            f"{actor} comes to believe of {about}: "
            + ", ".join(f"{type_} {chance:g}" for type_, chance in chances.items())
            for actor, pairs in step["believe"].items()
            for about, chances in pairs.items()
        ),
        *(
            f"{actor} is inclined to {name} by {value:+g}"
            for actor, pairs in step["nudge"].items()
            for name, value in pairs.items()
        ),
    ]


def _guesses(page: Page, told: list[dict[str, Any]]) -> None:
    page.heading(f"Guesses ({len(told)})")
    for guess in told:
        page.entry(f"{guess['name']}", guess["reason"], "  ", 34)


def _sources(page: Page, told: list[dict[str, Any]]) -> None:
    page.heading("Sources")
    for source in told:
        when = f", {source['date']}" if source["date"] else ""
        page.entry(source["key"], f"{source['title']}{when} (used {source['used']} times)", "  ", 20)
        for more in (source["url"], source["note"]):
            if more:
                page.entry("", more, "  ", 20)


_OTHERWISE = (("removed", "Left out"), ("changed", "Changed"), ("added", "Added"))


def _extends(page: Page, told: list[dict[str, Any]]) -> None:
    """What is otherwise than in the file below, by how and where."""
    page.heading("Otherwise than in the file that it extends")
    if not told:
        page.paragraph("It extends no other file.", "  ")
    files = list(dict.fromkeys(c["file"] for c in told))
    for file, (how, title) in product(files, _OTHERWISE):
        some = [c for c in told if c["how"] == how and c["file"] == file]
        if some:
            page.gap()
            page.paragraph(f"{title}{f' by {file}' if len(files) > 1 else ''} ({len(some)}):", "  ")
        for change in some:
            now, was = change["now"], change["was"]
            text = f"{was} -> {now}" if how == "changed" and was and now else now if how != "removed" else ""
            page.entry(change["path"], text, "    ", 40)


def _named(thing: dict[str, Any]) -> str:
    return f"{thing['title']} ({thing['name']})" if thing["title"] else str(thing["name"])


def _amount(effect: dict[str, Any]) -> str:
    amount = str(effect["amount"])
    if effect["how"] == "set":
        return f"to {amount}"
    return amount if amount.startswith(("-", "+")) else f"+ {amount}"


def _effects(page: Page, effects: list[dict[str, Any]], indent: str) -> None:
    for i, effect in enumerate(effects):
        page.entry("" if i else "moves", f"{effect['variable']}: {_amount(effect)}", indent, _ROOM)


def _backing(page: Page, thing: dict[str, Any], indent: str) -> None:
    if thing["sources"]:
        page.entry("source", "; ".join(thing["sources"]), indent, _ROOM)
    if thing["guess"] or thing["reason"]:
        page.entry("guess" if thing["guess"] else "reason", thing["reason"], indent, _ROOM)


_TELL: dict[str, Callable[[Page, Any], None]] = {
    "summary": _summary,
    "actors": _actors,
    "variables": _variables,
    "parameters": _parameters,
    "events": _events,
    "outcomes": _outcomes,
    "ladders": _ladders,
    "policies": _policies,
    "evidence": _evidence,
    "claims": _claims,
    "guesses": _guesses,
    "sources": _sources,
    "extends": _extends,
}

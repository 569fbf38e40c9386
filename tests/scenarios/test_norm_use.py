"""Which norms decide flows, and which flows no norm speaks of."""

from __future__ import annotations

from scenario_kit import scenario, small

from discretion.scenarios import Norm, load_scenarios, norm_report


def test_every_norm_is_counted_with_the_flows_that_it_decides() -> None:
    report = norm_report([scenario(sibling=None)])
    # illness towards dana: self, towards doc: doctor, towards tom, ruth, public: health; away towards all five: work
    assert [(use.norm.id, use.flows, use.scenarios, use.own) for use in report.norms] == [
        ("health", 3, ("small",), "small"),
        ("self", 1, ("small",), "small"),
        ("doctor", 1, ("small",), "small"),
        ("work", 5, ("small",), "small"),
    ]
    assert report.unregulated == ()
    assert report.idle == ()


def test_what_never_decides_and_what_stays_open() -> None:
    norms = [*small()["norms"][:3], {"id": "court", "verdict": "forbidden", "attribute": "legal.*"}]
    report = norm_report([scenario(sibling=None, norms=norms)])
    assert [use.norm.id for use in report.idle] == ["court"]
    assert [(flow.fact, flow.recipient, flow.roles) for flow in report.unregulated] == [
        # tom is told by the task; dana knows
        ("away", "ruth", ("employment.colleague of dana",)),
        ("away", "doc", ("health.physician of dana",)),
        ("away", "public", ("public.anyone",)),
    ]


def test_the_norm_base_is_counted_over_all_scenarios() -> None:
    scenarios = load_scenarios("office")
    report = norm_report(scenarios)
    used = {use.norm.id: use for use in report.norms if not use.own}
    assert len(used) >= 80
    assert len(used["health-default"].scenarios) > 1
    assert len({use.own for use in report.norms if use.own}) > 1


def test_given_norms_stand_in_for_the_norm_base() -> None:
    given = (Norm(id="law", verdict="forbidden", attribute="legal.*"), Norm(id="rest", verdict="permitted"))
    report = norm_report([scenario(sibling=None, norms=[])], norms=given)
    assert [(use.norm.id, use.flows) for use in report.norms] == [("law", 0), ("rest", 10)]

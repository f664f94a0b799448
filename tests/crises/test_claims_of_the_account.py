"""The account's claims are experiments, all of them, each with its place in the account."""

from __future__ import annotations

import re

import pytest

import offramp
from documented import ROOT
from offramp.language.sections.built_in import set_directly

PAGE = ROOT / "docs" / "crises" / "us-iran-2020.md"
CRISES = ("us-iran-2020", "us-iran-2018", "us-iran-2012")


@pytest.fixture(scope="module")
def models():
    return [offramp.load(name) for name in CRISES]


def test_every_claim_of_the_account_is_tested_somewhere_and_says_where_it_stands(models):
    found = [c for model in models for c in model.claims]
    assert sorted(c.name for c in found) == sorted(f"C{k}" for k in range(1, 24))
    for claim in found:
        assert any(source.startswith("account P") for source in claim.origin.sources), claim.name
        assert claim.tests, claim.name


def test_no_claim_measures_what_a_policy_sets(models):
    for model in models:
        for claim in model.claims:
            for test in claim.tests:
                assert set_directly(model, test) == "", claim.name
                assert test.reason, claim.name


def test_variants_are_there_for_claims_only(models):
    """What nobody could choose is compared by some claim, and marked as such."""
    for model in models:
        used = {s.policy for c in model.claims for t in c.tests for s in t.sides}
        parts = {p for policy in model.policies for p in policy.parts}
        for policy in model.policies:
            assert not policy.variant or policy.name in used | parts, policy.name


def test_the_page_shows_every_claim_of_the_file_with_a_verdict(models):
    """Contradictions are shown beside what is supported, and each is discussed."""
    text = PAGE.read_text(encoding="utf-8")
    part = text[text.index("## Claims") :].split("\n## ")[0]
    for claim in models[0].claims:
        row = next(line for line in part.splitlines() if line.startswith(f"| **{claim.name}** "))
        assert row.split("|")[2].strip(" *") in ("supported", "too small", "contradicted", "undecided")
        assert re.search(rf"\b{claim.name}\b", part[part.index("**Supported.**") :]), claim.name

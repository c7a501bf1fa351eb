"""A plan is published only if another person's key approved its digest; the release records the approval."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cbrn_data import pipeline
from cbrn_data.errors import GateError
from cbrn_data.release.approval import approval_faults, approve, plan_digest
from cbrn_data.settings import FILE, read_settings
from cbrn_data.signing.attestation import sign, statement
from cbrn_data.signing.keys import fingerprint, public_pem
from cbrn_data.strict_json import dumped
from cbrn_data.verify.rebuild import rebuild_release
from cbrn_data.verify.release import ReleaseAudit
from tests.cli.conftest import run
from tests.history import write_key
from tests.plans import DAY, ENVIRONMENT, planned, second

APPROVER, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (7, 8))


@pytest.fixture
def root(small: Path, tmp_path: Path) -> Path:
    """A project that requires approval, with a change after its first release."""
    root = second(small, tmp_path / "root", projects=lambda text: text.replace(",2026-01-31,", ",2026-01-30,"))
    (root / FILE).write_text('approval = "required"\n\n[keys]\napprovers = "approvers.pem"\n')
    (root / "approvers.pem").write_bytes(public_pem(APPROVER.public_key()))
    return root


def approve_now(root: Path, digest: str, key: Ed25519PrivateKey = APPROVER) -> tuple[int, str]:
    done = run("approve", digest, "--key", write_key(root.parent / "key.pem", key), "--root", root, **ENVIRONMENT)
    return done.code, " ".join(f"{done.out}{done.err}".split())


@pytest.mark.usefixtures("without_pages")
def test_a_plan_waits_until_somebody_else_approves_it(root: Path) -> None:
    built, plan = planned(root)
    store = pipeline.open_store(built.settings)
    with pytest.raises(GateError) as error:
        pipeline.publish(built, store, DAY)
    (finding,) = error.value.findings
    assert finding.code == "plan-unapproved" and error.value.exit_code == 1
    assert f"nobody has approved the plan {plan.digest}; look at " in finding.message
    assert f"cbrn-data approve {plan.digest} --key FILE" in finding.message

    code, said = approve_now(root, plan.digest)
    assert code == 0 and f"approvals/{plan.digest}.json" in said
    release = pipeline.publish(built, store, "2026-11-25").release
    approval = release.info["approval"]
    assert (approval["digest"], approval["key"]) == (plan.digest, public_pem(APPROVER.public_key()).decode())
    before = release.folder.with_name("1.0.0")
    results = list(ReleaseAudit(release.folder, [], before).run())
    assert {result.result for result in results} == {"passed"}
    (detail,) = [result.detail for result in results if result.check == "approval"]
    assert detail == f"approved by {fingerprint(APPROVER.public_key())}"
    assert [result.result for result in rebuild_release(release.folder, before)] == ["passed"]


def test_an_approval_by_the_publisher_a_stranger_or_of_another_plan_does_not_count(root: Path) -> None:
    built, plan = planned(root)
    store, own = pipeline.open_store(built.settings), pipeline.own_key(built.settings).private
    place = root / "approvals" / f"{plan.digest}.json"
    place.parent.mkdir()
    (root / "approvers.pem").write_bytes(public_pem(APPROVER.public_key()) + public_pem(own.public_key()))
    settings = read_settings(root)
    wrong = {
        "by the publisher": approve(settings, plan.digest, own, None),
        "by a stranger": dumped(sign(statement({"plan": plan.digest}, {}), OTHER)),
        "of another plan": approve(settings, "0" * 64, APPROVER, None),
        "of a release": dumped(sign(statement({"plan": plan.digest}, {}), APPROVER)),
        "no envelope": b"{}\n",
    }
    for data in wrong.values():
        place.write_bytes(data)
        with pytest.raises(GateError) as error:
            pipeline.publish(built, store, DAY)
        (finding,) = error.value.findings
        assert finding.code == "plan-unapproved"
        assert ("publisher's own key, which does not count" in finding.message) == (data == wrong["by the publisher"])


def test_who_may_not_approve_is_told_why(root: Path, state: Path) -> None:
    digest = "0" * 64
    assert approve_now(root, "abc")[0] == 2 and "is not the digest of a plan" in approve_now(root, "abc")[1]
    code, said = approve_now(root, digest, OTHER)
    assert code == 2 and f"is not in {root / 'approvers.pem'}; approve with a key that is" in said
    assert f"is not the digest of the present plan, which is {planned(root)[1].digest}" in approve_now(root, digest)[1]
    public = root.parent / "public.pem"
    public.write_bytes(public_pem(APPROVER.public_key()))
    said = run("approve", digest, "--key", public, "--root", root, **ENVIRONMENT).err
    assert "is a public key; give the file of the private key" in " ".join(said.split())
    (root / "approvers.pem").rename(root / "away.pem")
    assert "the keys of the approvers cannot be read (does not exist; restore it" in approve_now(root, digest)[1]
    (root / "away.pem").rename(root / "approvers.pem")
    own = pipeline.own_key(read_settings(root)).private
    (root / "approvers.pem").write_bytes(public_pem(own.public_key()))
    assert "signs the releases; another person must approve" in approve_now(root, digest, own)[1]
    (root / FILE).write_text('approval = "required"\n')
    assert f"{FILE}:1: plans need an approval, but keys.approvers names no file" in approve_now(root, digest)[1]
    assert not (root / "approvals").exists()


def test_the_digest_covers_all_that_is_published_and_not_the_date(root: Path) -> None:
    built, plan = planned(root)
    store = pipeline.open_store(built.settings)
    assert pipeline.plan(built, store, date="2027-01-01").digest == plan.digest
    assert pipeline.plan(built, store, "minor", DAY).digest != plan.digest
    digests = {
        plan_digest("a", "1.0.0", "b", "c", [{"code": "d"}]),
        plan_digest("x", "1.0.0", "b", "c", [{"code": "d"}]),
        plan_digest("a", "1.1.0", "b", "c", [{"code": "d"}]),
        plan_digest("a", "1.0.0", "x", "c", [{"code": "d"}]),
        plan_digest("a", "1.0.0", "b", None, [{"code": "d"}]),
        plan_digest("a", "1.0.0", "b", "c", []),
    }
    assert len(digests) == 6


@pytest.mark.parametrize("case", ["key", "envelope", "digest", "publisher"])
def test_an_auditor_finds_a_wrong_approval(case: str, root: Path) -> None:
    digest, settings = "1" * 64, read_settings(root)
    good = {
        "digest": digest,
        "key": public_pem(APPROVER.public_key()).decode(),
        "envelope": json.loads(approve(settings, digest, APPROVER, None)),
    }
    assert approval_faults(good, digest, "publisher") == ([], fingerprint(APPROVER.public_key()))
    wrong = {
        "key": good | {"key": public_pem(OTHER.public_key()).decode()},
        "envelope": good | {"envelope": None},
        "digest": good | {"digest": "2" * 64},
        "publisher": good,
    }
    publisher = fingerprint(APPROVER.public_key()) if case == "publisher" else None
    assert approval_faults(wrong[case], digest, publisher)[0] != []
    assert approval_faults(good, "3" * 64, None)[0] != []

"""What the API fuzzer needs to know beyond the API document.

A request that fits the document may still be refused where the document can't say why: each such case stands in
EXPLAINED with its reason. Any other refusal, and any 5xx that is not named here, fails the run. The two checks below
stand for positive_data_acceptance and not_a_server_error.
"""

import io
import re
import tarfile

import schemathesis
from hypothesis import strategies
from schemathesis.specs.openapi.checks import positive_data_acceptance

# (code, what each of the problem's errors must match or None, why a schema can't say it)
EXPLAINED = [
    ("invalid_input", r": .*\bbytes\b", "JSON Schema counts characters, the limit counts bytes"),
    ("invalid_input", r"^parent_id: ", "depends on which folders there are"),
    ("invalid_input", r"^cursor: ", "only values that a Link header gave are valid"),
    (
        "invalid_input",
        r"^(files\[\d+\]\.(path: (is the same|lies in)|size: )|folders\[\d+\]: is or lies in)",
        "compares entries, or is an installation's quota",
    ),
    ("invalid_input", r"^data: is not base64", "what is valid depends on another field, the encoding"),
    ("invalid_input", r"^files: a project may have at most", "an installation's quota"),
    ("invalid_input", r"^artifacts\[\d+\]: (error parsing glob|must not leave)", "the grammar of globs is not regular"),
    ("invalid_input", r"^q: the regular expression", "the grammar of regular expressions is not regular"),
    ("invalid_input", r"^path: the path glob", "the grammar of globs is not regular"),
    ("invalid_input", r"^buffers: must have each path once", "compares entries"),
    ("invalid_input", r"^email: send either", "two kinds of bodies at one address"),
    ("invalid_input", r"^token: the code is", "depends on what was mailed"),
    ("invalid_input", r"^current_password: ", "depends on the account"),
    ("forbidden", None, "the fuzzer's user is no administrator"),
    ("limit_reached", None, "depends on what the user uses at present"),
    ("unknown_runtime", None, "depends on an installation's languages"),
    ("bad_archive", None, "the document can't describe the inside of an archive"),
    ("precondition_failed", None, "If-Match with another tag than the current one is what 412 is for"),
    ("range_not_satisfiable", None, "depends on the length of the content"),
    ("quota_exceeded", None, "an installation's quota"),
    ("not_running", None, "depends on the job's state"),
    ("input_closed", None, "depends on the job's state"),
    ("job_finished", None, "depends on the job's state"),
    ("token_reused", None, "depends on the token's past"),
    ("invalid_credentials", None, "depends on the accounts there are"),
]
# Codes with a status of 5xx that say something about the installation, not about a fault.
EXPECTED_SERVER_ERRORS = {"not_configured", "quota_exceeded"}


def problem_of(response):
    if "problem+json" not in response.headers.get("content-type", [""])[0]:
        return {}
    return response.json()


def is_explained(problem):
    errors = [f"{error['field']}: {error['message']}" for error in problem.get("errors", [])]
    return any(
        code == problem.get("code") and (pattern is None or (errors and all(re.search(pattern, e) for e in errors)))
        for code, pattern, _ in EXPLAINED
    )


@schemathesis.check
def takes_what_the_document_allows(ctx, response, case):
    """A request that fits the document is not refused without a reason that EXPLAINED names."""
    if not is_explained(problem_of(response)):
        return positive_data_acceptance(ctx, response, case)
    return None


@schemathesis.check
def has_no_unexpected_server_error(ctx, response, case):
    """No 5xx but those of a feature that is not set up."""
    code = problem_of(response).get("code")
    if response.status_code >= 500 and code not in EXPECTED_SERVER_ERRORS:
        raise AssertionError(f"unexpected {response.status_code}: {code}")


def tar_of(files):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for number, content in enumerate(files):
            entry = tarfile.TarInfo(f"file-{number}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


schemathesis.openapi.media_type(
    "application/x-tar", strategies.lists(strategies.binary(max_size=200), max_size=3).map(tar_of)
)


@schemathesis.deserializer("application/octet-stream")
def octets(ctx, response):
    return response.content.decode("latin-1")

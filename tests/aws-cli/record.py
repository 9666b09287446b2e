#!/usr/bin/env python3
"""Records what botocore (hence the AWS CLI and boto3) sends for the protocol tests' cases.

Run by hand when a case changes, from the project's directory; needs botocore, which nothing else does:

    node tests/integration/protocols/print-cases.ts | python3 tests/aws-cli/record.py

Nothing is sent: each request is taken just before it would leave, and stripped of dates, signatures and hosts.
"""

import base64
import datetime
import json
import pathlib
import sys
import urllib.parse

import botocore.awsrequest
import botocore.config
import botocore.handlers
import botocore.session

REGION = "eu-central-1"
FIXTURE = pathlib.Path(__file__).parent.parent / "integration/protocols/cli-requests.jsonl"
CLIENTS = {
    "monitoring": ["cloudwatch"],
    "sagemaker": ["sagemaker", "sagemaker-runtime"],
    "states": ["stepfunctions"],
}
# CloudWatch's protocol depends on the client's age: all that any client speaks.
OTHER_PROTOCOLS = {"monitoring": ["smithy-rpc-v2-cbor", "json", "query"]}
KEPT_HEADERS = (
    "accept",
    "content-encoding",
    "content-type",
    "content-md5",
    "if-match",
    "range",
    "smithy-protocol",
)
DROPPED_AMZ = ("x-amz-date", "x-amz-security-token", "x-amz-user-agent")


class Captured(Exception):
    """Ends a call before anything is sent."""


def from_portable(value):
    if isinstance(value, list):
        return [from_portable(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$bytes" in value:
        return base64.b64decode(value["$bytes"])
    if "$date" in value:
        return datetime.datetime.fromisoformat(value["$date"].replace("Z", "+00:00"))
    return {key: from_portable(item) for key, item in value.items()}


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def is_kept(name, value):
    if name == "x-amz-content-sha256":
        return value.startswith("STREAMING")
    return name in KEPT_HEADERS or (name.startswith("x-amz") and name not in DROPPED_AMZ)


def headers_of(request):
    all_headers = {name.lower(): text(value) for name, value in request.headers.items()}
    return {name: value for name, value in sorted(all_headers.items()) if is_kept(name, value)}


def signing_name(request):
    return text(request.headers["Authorization"]).split("Credential=")[1].split("/")[3]


def body_of(request):
    body = request.body
    if body is None:
        return None
    if hasattr(body, "read"):
        body = body.read()
    if isinstance(body, str):
        body = body.encode()
    if not body:
        return None
    if len(body) > 1000 and len(set(body)) == 1:
        return {"repeat": chr(body[0]), "times": len(body)}
    if "cbor" in text(request.headers.get("content-type", "")) or b"\0" in body:
        return {"base64": base64.b64encode(body).decode()}
    try:
        return body.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}


class Recorder:
    def __init__(self):
        self.clients = {}
        self.request = None

    def client(self, name, protocol):
        key = (name, protocol)
        if key not in self.clients:
            config = botocore.config.Config(
                retries={"max_attempts": 0}, parameter_validation=False, s3={"addressing_style": "path"}
            )
            session = botocore.session.Session()
            session.set_credentials("operator", "secret")
            if protocol is not None:
                loader = session.get_component("data_loader")
                load = loader.load_service_model

                def load_with_protocol(service, kind, api_version=None):
                    model = load(service, kind, api_version)
                    if service == name and kind == "service-2":
                        model = {**model, "metadata": {**model["metadata"], "protocols": [protocol], "protocol": protocol}}
                    return model

                loader.load_service_model = load_with_protocol
            client = session.create_client(
                name, region_name=REGION, endpoint_url="http://127.0.0.1:4566", config=config
            )
            client.meta.events.register("before-send.*", self.take)
            self.clients[key] = client
        return self.clients[key]

    def take(self, request, **_):
        self.request = request
        raise Captured

    def record(self, case, protocol):
        names = CLIENTS.get(case["service"], [case["service"]])
        for name in names:
            client = self.client(name, protocol)
            for method, operation in client.meta.method_to_api_mapping.items():
                if operation == case["operation"]:
                    return self.call(client, method, case)
        raise SystemExit(f"botocore has no {case['service']}:{case['operation']}")

    def call(self, client, method, case):
        self.request = None
        try:
            getattr(client, method)(**from_portable(case["input"]))
        except Captured:
            pass
        if self.request is None:
            raise SystemExit(f"{case['operation']} sent nothing")
        url = urllib.parse.urlsplit(self.request.url)
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        recorded = {
            "operation": case["operation"],
            "digest": case["digest"],
            "signingName": signing_name(self.request),
            "method": self.request.method,
            "path": url.path,
            "query": query or None,
            "headers": headers_of(self.request) or None,
            "body": body_of(self.request),
        }
        return {name: value for name, value in recorded.items() if value is not None}


def main():
    # Tokens that botocore makes up for idempotency are the same in every recording.
    numbers = iter(range(1, 1_000_000))
    botocore.handlers.uuid.uuid4 = lambda: f"00000000-0000-4000-8000-{next(numbers):012d}"
    recorder = Recorder()
    lines = []
    for story in json.load(sys.stdin):
        for protocol in [None, *OTHER_PROTOCOLS.get(story["service"], [])]:
            where = {"service": story["service"], "protocol": protocol or "default"}
            lines += [json.dumps({**where, **recorder.record(case, protocol)}, ensure_ascii=False) for case in story["cases"]]
    FIXTURE.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

"""An upstream that speaks enough of API v2 to be mirrored, and can be made to misbehave: `twist` is
asked before each answer and may give another one. Standard library alone."""
import gzip
import http.server
import io
import json
import re
import ssl
import threading
import time
import urllib.parse
import zipfile


def make(number, title="A study", updated="2026-08-10", **more):
    identity = dict({"nctId": "NCT%08d" % number, "briefTitle": title}, **more)
    return {"protocolSection": {
        "identificationModule": identity,
        "statusModule": {"overallStatus": "RECRUITING", "lastUpdatePostDateStruct": {"date": updated, "type": "ACTUAL"}},
        "conditionsModule": {"conditions": ["Asthma"]}}}


def nct(study):
    return study["protocolSection"]["identificationModule"]["nctId"]


def updated(study):
    return study["protocolSection"]["statusModule"]["lastUpdatePostDateStruct"]["date"]


class Answer:
    """status, body and headers; cut: only so many bytes (a float: that share) of the body as sent,
    then the connection ends; drip: seconds between single bytes."""

    def __init__(self, status=200, body=b"", headers=None, kind="application/json", cut=None, drip=None, length=True):
        self.status, self.body, self.kind, self.cut, self.drip, self.length = status, body, kind, cut, drip, length
        self.headers = dict(headers or {})


class Upstream:
    def __init__(self, studies=(), timestamp="2026-08-14T09:00:05", download=False, ranges=True, certificate=None):
        self.studies = {nct(s): s for s in studies}
        self.gone, self.merged = set(), {}
        self.timestamp, self.download, self.ranges = timestamp, download, ranges
        self.raw = {}     # id -> bytes that stand in the page in the record's place
        self.twist = None  # (upstream, number, path, parameters, answer) -> Answer or None
        self.requests = []  # (monotonic time, path, parameters, headers)
        self.lock = threading.Lock()
        upstream = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def do_GET(self):
                upstream.serve(self)

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, address):
                pass  # clients go away: that is what is tested

        self.server = Server(("127.0.0.1", 0), Handler)
        if certificate:  # (certificate, key): speaks TLS
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = "http%s://127.0.0.1:%d" % ("s" if certificate else "", self.server.server_port)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    @property
    def etag(self):
        return '"1/2/%s"' % re.sub(r"\D", "", self.timestamp)

    def paths(self):
        return [path for _, path, _, _ in self.requests]

    def ids(self):
        return sorted(self.studies)

    # ---- what an honest upstream answers ----

    def matching(self, parameters):
        found = list(self.studies.values())
        if "filter.ids" in parameters:
            wanted = set(parameters["filter.ids"].split(","))
            return [s for s in found if nct(s) in wanted]
        expression = parameters.get("filter.advanced", "")
        since = re.search(r"AREA\[LastUpdatePostDate\]RANGE\[([\d-]+), MAX\]", expression)
        if since:
            found = [s for s in found if updated(s) >= since.group(1)]
        status = re.search(r"AREA\[OverallStatus\](\w+)", expression)
        if status:
            found = [s for s in found if s["protocolSection"]["statusModule"]["overallStatus"] == status.group(1)]
        if parameters.get("sort") == "LastUpdatePostDate:asc":
            found.sort(key=lambda s: (updated(s), nct(s)))
        return found

    def text(self, study, parameters):
        if parameters.get("fields") == "NCTId":
            return json.dumps({"protocolSection": {"identificationModule": {"nctId": nct(study)}}}).encode()
        return self.raw.get(nct(study)) or json.dumps(study, separators=(",", ":")).encode()

    def page(self, parameters):
        size = int(parameters.get("pageSize", 10))
        start = int(parameters["pageToken"].split("-")[1]) if "pageToken" in parameters else 0
        found = self.matching(parameters)
        body = b"{"
        if parameters.get("countTotal") == "true":
            body += b'"totalCount":%d,' % len(found)
        body += b'"studies":[\n' + b",\n".join(self.text(s, parameters) for s in found[start:start + size]) + b"\n]"
        if start + size < len(found):
            body += b',"nextPageToken":"at-%d"' % (start + size)
        return Answer(body=body + b"}")

    def archive(self, headers):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for study in self.studies.values():
                info = zipfile.ZipInfo(nct(study) + ".json", (2026, 8, 14, 9, 0, 0))
                archive.writestr(info, self.text(study, {}))
        data, etag = packed.getvalue(), '"zip-%s"' % self.timestamp
        wanted = re.fullmatch(r"bytes=(\d+)-", headers.get("Range", ""))
        if self.ranges and wanted and headers.get("If-Range", etag) == etag:
            start = int(wanted.group(1))
            if start >= len(data):
                return Answer(416, b"")
            return Answer(206, data[start:], {"ETag": etag, "Content-Range": "bytes %d-%d/%d" % (start, len(data) - 1, len(data))}, "application/zip")
        return Answer(200, data, {"ETag": etag} if self.ranges else {}, "application/zip")

    def honest(self, path, parameters, headers):
        if path == "/api/v2/version":
            if headers.get("If-None-Match") == self.etag:
                return Answer(304, headers={"ETag": self.etag})
            return Answer(body=json.dumps({"apiVersion": "2.0.5", "dataTimestamp": self.timestamp}).encode(), headers={"ETag": self.etag})
        if path == "/api/v2/studies":
            return self.page(parameters)
        if path == "/api/v2/studies/download" and self.download:
            return self.archive(headers)
        one = re.fullmatch(r"/api/v2/studies/(NCT\d{8})", path)
        if one and one.group(1) in self.merged:
            return Answer(301, headers={"Location": "/api/v2/studies/" + self.merged[one.group(1)]})
        if one and one.group(1) in self.studies:
            return Answer(body=self.text(self.studies[one.group(1)], parameters))
        return Answer(404, b"NCT number not found", kind="text/plain")

    def serve(self, handler):
        split = urllib.parse.urlsplit(handler.path)
        parameters = dict(urllib.parse.parse_qsl(split.query, keep_blank_values=True))
        with self.lock:
            number = len(self.requests)
            self.requests.append((time.monotonic(), split.path, parameters, dict(handler.headers.items())))
            answer = self.honest(split.path, parameters, handler.headers)
            answer = (self.twist and self.twist(self, number, split.path, parameters, answer)) or answer
        self.send(handler, answer)

    def send(self, handler, answer):
        body = answer.body
        if "gzip" in handler.headers.get("Accept-Encoding", "") and answer.kind == "application/json" and "Content-Encoding" not in answer.headers \
                and answer.status == 200 and len(body) > 500:
            body = gzip.compress(body, 1)
            answer.headers["Content-Encoding"] = "gzip"
        cut = int(len(body) * answer.cut) if isinstance(answer.cut, float) else answer.cut
        handler.send_response(answer.status)
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Type", answer.kind)
        if answer.length:
            handler.send_header("Content-Length", str(len(body)))
        else:
            handler.send_header("Connection", "close")
        handler.end_headers()
        if answer.drip:
            for at in range(len(body)):
                handler.wfile.write(body[at:at + 1])
                time.sleep(answer.drip)
            return
        handler.wfile.write(body[:cut])
        if answer.cut is not None or not answer.length:
            handler.close_connection = True

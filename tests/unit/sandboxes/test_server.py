import base64
import http.client
import json
import re
import socket
import subprocess
import sys

import pytest
import trustme

from storetwin.sandboxes.woocommerce import (
    Options,
    PortTakenError,
    read_wire_log,
    running_store,
    serve,
)
from storetwin.sandboxes.woocommerce.__main__ import main


def exchange(sandbox, method, path, body=None, context=None):
    host = sandbox.url.partition("://")[2]
    if sandbox.url.startswith("https"):
        connection = http.client.HTTPSConnection(host, timeout=10, context=context)
    else:
        connection = http.client.HTTPConnection(host, timeout=10)
    token = base64.b64encode(f"{sandbox.key}:{sandbox.secret}".encode()).decode()
    connection.request(method, path, body, {"Authorization": f"Basic {token}"})
    response = connection.getresponse()
    found = response.status, dict(response.getheaders()), response.read()
    connection.close()
    return found


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    for part in issued.cert_chain_pems:
        part.write_to_path(folder / "cert.pem", append=True)
    return authority, (str(folder / "cert.pem"), str(folder / "key.pem"))


def test_a_page_comes_over_tls_with_the_headers_of_a_real_store(certificate, tmp_path):
    import ssl

    authority, files = certificate
    context = ssl.create_default_context()
    authority.configure_trust(context)
    log = tmp_path / "wire.jsonl"
    with running_store(orders=50, https=files, wire_log=log) as sandbox:
        path = "/wp-json/wc/v3/orders?per_page=100&status=any,trash&orderby=id&order=asc"
        status, headers, body = exchange(sandbox, "GET", path, context=context)
        assert status == 200
        assert headers["server"] == "nginx"
        assert headers["transfer-encoding"] == "chunked"
        assert "content-length" not in headers
        assert headers["expires"] == "Wed, 11 Jan 1984 05:00:00 GMT"
        number = json.loads(body)[0]["id"]
        assert sandbox.store.document("orders", number) in body
        assert sandbox.requests.total == 1
        assert sandbox.requests.log[0].records == len(json.loads(body))
        head = exchange(sandbox, "HEAD", path, context=context)
        assert (head[1]["x-wp-total"], head[2]) == (headers["x-wp-total"], b"")
    [logged, _] = read_wire_log(log)
    assert logged["body"] == body
    assert logged["query"].startswith("per_page=100")


def test_the_control_door_counts_breaks_and_changes():
    with running_store(orders=30) as sandbox:
        counts = json.loads(exchange(sandbox, "GET", "/sandbox/counts")[2])
        assert counts["records"]["orders"] == sandbox.store.count("orders")
        broken = exchange(sandbox, "POST", "/sandbox/faults", b'{"fault":"poison:count=1"}')
        assert json.loads(broken[2])["faults"][0]["name"] == "poison"
        assert exchange(sandbox, "POST", "/sandbox/faults", b'{"fault":"x"}')[0] == 400
        assert json.loads(exchange(sandbox, "DELETE", "/sandbox/faults")[2]) == {"faults": []}
        asked = {"verb": "create", "resource": "orders", "fields": {"customer_note": "door"}}
        made = exchange(sandbox, "POST", "/sandbox/mutate", json.dumps(asked).encode())
        number = json.loads(made[2])["id"]
        assert b'"customer_note":"door"' in sandbox.store.document("orders", number)
        for verb in ("edit", "trash", "restore", "delete"):
            asked = json.dumps({"verb": verb, "resource": "orders", "id": number}).encode()
            assert exchange(sandbox, "POST", "/sandbox/mutate", asked)[0] == 200
        assert number not in sandbox.store.ids("orders")
        assert exchange(sandbox, "POST", "/sandbox/mutate", b'{"verb":"burn"}')[0] == 400


def test_a_taken_port_is_named(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTakenError, match=str(port)), running_store(orders=5, port=port):
            pass
        assert serve(Options(orders=5, port=port)) == 1
    assert str(port) in capsys.readouterr().err


def test_the_command_lists_faults_and_refuses_unknown_ones(capsys):
    assert main(["--fault", "help"]) == 0
    assert "hostile-bytes" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stopped:
        main(["--fault", "nosuch"])
    assert stopped.value.code == 2


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--webhook-delay", "-1"], "-1"),
        (["--webhook-delay", "soon"], "soon"),
        (["--webhook-fault", "eat:every=2"], "no webhook fault 'eat'.*drop"),
    ],
)
def test_the_command_refuses_webhooks_that_cannot_be(capsys, options, told):
    with pytest.raises(SystemExit) as stopped:
        main(options)
    assert stopped.value.code == 2
    assert re.search(told, capsys.readouterr().err)


def test_the_command_says_how_webhooks_are_sent():
    options = ["--webhook-delay", "3.5", "--fast-queue", "--webhook-fault", "drop+double:every=2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "storetwin.sandboxes.woocommerce", "--port=0", "--json",
         "--orders=10", *options],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    with process, process.stdout as out:
        port = int(json.loads(out.readline())["url"].rpartition(":")[2])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/sandbox/webhooks")
        told = json.load(connection.getresponse())
        connection.close()
        process.terminate()
        assert process.wait(10) == 0
    assert (told["delay"], told["fast_queue"]) == (3.5, True)
    assert [fault["fault"] for fault in told["faults"]] == ["drop+double:every=2"]


def test_the_command_serves_until_it_is_told_to_stop():
    process = subprocess.Popen(
        [sys.executable, "-m", "storetwin.sandboxes.woocommerce", "--port", "0", "--orders", "10"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    with process, process.stdout as out:
        line = out.readline()
        port = int(line.strip().rpartition(":")[2])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/wp-json/")
        assert connection.getresponse().status == 200
        connection.close()
        process.terminate()
        assert process.wait(10) == 0

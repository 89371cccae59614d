"""nginx: the mock upstream's whole answers, and the reverse proxy that everything is compared with."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.gateway.processes import Launch, Process, launched, program

_INSTALL = "apt-get install nginx-light"
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
_MAIN = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 2048; }}
http {{
  access_log off; keepalive_requests 100000000; keepalive_timeout 600s; {temporary}
  {content}
}}
"""


@contextmanager
def nginx(folder: Path, content: str, cores: frozenset[int]) -> Iterator[Process]:
    """One worker with this content of its `http` block, as long as the block runs."""
    folder.mkdir()
    temporary = " ".join(f"{name}_temp_path {folder}/{name};" for name in _TEMPORARY)
    file = folder / "nginx.conf"
    file.write_text(_MAIN.format(folder=folder, temporary=temporary, content=content), "utf-8")
    command = [program("nginx", _INSTALL), "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(file)]
    with launched(Launch(command, folder / "output.log", cores)) as process:
        yield process


def version() -> str:
    """As in `1.22.1`."""
    told = subprocess.run([program("nginx", _INSTALL), "-v"], capture_output=True, text=True, check=True).stderr
    return told.strip().rpartition("/")[2]


def reverse_proxy(port: int, upstream: int, name: str, *, buffered: bool) -> str:
    """An `http` block that passes everything on to one upstream over kept connections."""
    return f"""
  upstream {name} {{ server 127.0.0.1:{upstream}; keepalive 128; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location / {{
      proxy_pass http://{name}; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering {"on" if buffered else "off"};
    }}
  }}"""

"""The Submit page's field in a browser: it checks files before it uploads them to a real store."""

from __future__ import annotations

import io
import subprocess
import zipfile
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, Route, expect

from blurline.access.tokens import LocalIssuer, Scope
from blurline.client import Client
from blurline.settings import Settings
from blurline.storage.store import Store
from dashboard.access.session_cookies import session_cookies
from dashboard.jobs.upload_desk import UploadDesk, desks
from tests.dashboard.board_page import HAS_CHROMIUM, chromium
from tests.dashboard.picker_page import PickerPage, picker_page
from tests.pictures import HOPPER, encoded

pytestmark = pytest.mark.skipif(not HAS_CHROMIUM, reason="needs Debian's chromium; .ci/run installs it")

SMALL = encoded(Image.new("RGB", (32, 20)), "JPEG")


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def picker(
    chrome: Browser, client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PickerPage]:
    monkeypatch.setenv("BLURLINE_HOME", str(settings.home))
    session_cookies.cache_clear()
    with picker_page(chrome, client, LocalIssuer(settings.home).issue("operator", list(Scope), 3600)) as picker:
        yield picker


def _zip(*entries: tuple[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> tuple[str, bytes]:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return "desk.zip", file.getvalue()


def _names(picker: PickerPage) -> list[str]:
    picker.part(".chosen summary").click()
    return picker.part(".chosen .name").all_inner_texts()


def _left_out(picker: PickerPage) -> str:
    expect(picker.part(".notice")).to_be_visible()
    return picker.part(".notice").inner_text()


def _files() -> list[tuple[str, bytes]]:
    """Pictures of 32 x 20 pixels in every format, as several programs write them."""
    image = Image.new("RGB", (32, 20))
    options: list[tuple[str, str, dict[str, Any]]] = [
        ("a.jpg", "JPEG", {"exif": b"Exif\0\0" + bytes(60_000)}),
        ("b.jpeg", "JPEG", {"progressive": True}),
        ("c.png", "PNG", {}),
        ("d.webp", "WEBP", {}),
        ("e.webp", "WEBP", {"lossless": True}),
        ("f.webp", "WEBP", {"exif": b"Exif\0\0MM"}),
        ("g.gif", "GIF", {}),
        ("h.bmp", "BMP", {}),
        ("i.tif", "TIFF", {}),
        ("j.tiff", "TIFF", {"compression": "tiff_deflate", "big_tiff": False}),
        ("k.avif", "AVIF", {}),
    ]
    return [(name, encoded(image, format_, **more)) for name, format_, more in options]


def test_the_size_of_every_format_is_read_from_its_header(picker: PickerPage, tmp_path: Path) -> None:
    files = _files()
    Image.new("RGB", (128, 64)).save(tmp_path / "l.png")  # smaller ones are padded and cropped
    done = subprocess.run(["heif-enc", "l.png", "-o", "l.heic"], cwd=tmp_path, check=False, capture_output=True)
    if done.returncode == 0:
        files.append(("l.heic", (tmp_path / "l.heic").read_bytes()))
    picker.limits = {"max_images_per_job": 20}
    picker.tell()
    picker.choose(*files)
    expect(picker.part(".summary")).to_contain_text(f"{len(files)} photographs")
    assert _names(picker) == [name for name, _ in files]
    facts = [text.split(" · ")[0] for text in picker.part(".chosen .facts").all_inner_texts()]
    assert set(facts[:11]) == {"32 × 20"}  # noqa: RUF001
    assert facts[11:] in ([], ["128 × 64"])  # noqa: RUF001


def test_what_would_be_refused_is_said_before_anything_is_uploaded(picker: PickerPage) -> None:
    page, large = Image.new("1", (1000, 1000)), Image.new("1", (2000, 1001))
    picker.choose(
        ("large.jpg", SMALL + bytes(1_001_000 - len(SMALL))),
        *((f"wide.{format_}".lower(), encoded(large, format_)) for format_ in ("PNG", "TIFF", "GIF", "BMP")),
        ("pages.tif", encoded(page, "TIFF", save_all=True, append_images=[page, page])),
        (
            "many.tif",
            encoded(Image.new("1", (9, 9)), "TIFF", save_all=True, append_images=[Image.new("1", (9, 9))] * 9),
        ),
        ("notes.txt", b"x"),
        ("notes.jpg", b"some text"),
        ("film.heic", b"\0\0\0\x18ftypisom\0\0\0\0isommp41"),
        ("empty.png", b""),
        ("b.jpg", SMALL),
    )
    expect(picker.part(".summary")).to_contain_text("1 photograph,")
    picker.part(".notice summary").click()
    said = _left_out(picker)
    for line in (
        "Left out: 11 files", "large.jpg has 1.001 MB, but a file can have at most 1 MB.",
        *(f"wide.{name} has 2.002 megapixels, but at most 2 are accepted." for name in ("png", "tiff", "gif", "bmp")),
        "pages.tif has 3 megapixels", "many.tif has 10 pages, but at most 9 are accepted.",
        "notes.txt is not a picture.",
        "notes.jpg is not a picture in a supported format", "film.heic is not a picture in a supported format",
        "empty.png is empty.",
    ):  # fmt: skip
        assert line in said
    picker.part(".chosen summary").click()
    picker.press("Remove b.jpg")
    expect(picker.part(".chosen")).to_be_hidden()


def test_too_many_and_repeated_files_are_left_out(picker: PickerPage) -> None:
    picker.choose(*((f"{at}.jpg", SMALL) for at in range(3)))
    picker.choose(*((f"{at}.jpg", SMALL) for at in range(3, 6)))
    expect(picker.part(".summary")).to_contain_text("4 photographs")
    said = _left_out(picker)
    assert "4.jpg is one too many: a job has at most 4 photographs." in said and "5.jpg" in said
    picker.press("Remove all")
    expect(picker.part(".summary")).to_be_hidden()
    expect(picker.part(".notice")).to_be_hidden()


def test_pictures_in_a_zip_are_taken(picker: PickerPage) -> None:
    picker.choose(
        _zip(
            ("a.jpg", SMALL), ("market/b.PNG", encoded(Image.new("1", (9, 9)), "PNG")), ("notes.txt", b"x"),
            ("__MACOSX/._a.jpg", b"x"), (".c.jpg", b"x"), ("../../etc/d\x07.jpg", SMALL), ("C:\\e\\f.jpg", SMALL),
        )
    )  # fmt: skip
    expect(picker.part(".summary")).to_contain_text("4 photographs")
    assert _names(picker) == ["a.jpg", "market/b.PNG", "etc/d.jpg", "C:/e/f.jpg"]
    assert "Left out: 1 file\nnotes.txt is not a picture." in _left_out(picker).replace("\n\n", "\n")


def test_a_zip_is_not_trusted(picker: PickerPage) -> None:
    picker.choose(
        _zip(("bomb.jpg", bytes(50_000_000))),
        ("swarm.zip", _zip(*((f"{at}", b"") for at in range(20_001)), compression=zipfile.ZIP_STORED)[1]),
        ("cut.zip", b"PK\x03\x04 and then nothing"),
        ("end.zip", b"PK\x05\x06"),
        _zip(("a.jpg", SMALL), compression=zipfile.ZIP_LZMA),
    )
    assert [line for line in _left_out(picker).splitlines() if line] == [
        "Left out: 5 files",
        "bomb.jpg has 50 MB, but a file can have at most 1 MB.",
        "swarm.zip contains more than 20,000 files. Split it.",
        "cut.zip is not a readable ZIP file. Create it again.",
        "end.zip is not a readable ZIP file. Create it again.",
        "desk.zip contains files that are encrypted or use an unsupported compression.",
    ]
    assert picker.part(".chosen .name").count() == 0


def test_an_entry_yields_no_more_bytes_than_it_declares(picker: PickerPage) -> None:
    honest = _zip(("a.jpg", SMALL + bytes(500_000 - len(SMALL))))[1]
    lying = honest.replace((500_000).to_bytes(4, "little"), len(SMALL).to_bytes(4, "little"))
    assert lying != honest
    picker.choose(("desk.zip", lying))
    expect(picker.part(".notice")).to_contain_text("a.jpg cannot be unpacked because its ZIP is damaged.")


def test_files_go_straight_to_the_store_in_their_order(picker: PickerPage, store: Store) -> None:
    passed: list[str] = []
    picker.page.on("request", lambda request: passed.append(request.url))
    picker.choose(("hopper.jpg", HOPPER.read_bytes()), ("b.jpg", SMALL), _zip(("c/d.jpg", SMALL)))
    expect(picker.part(".summary")).to_contain_text("3 photographs")
    picker.show()
    expect(picker.part(".summary")).to_contain_text("3 photographs")  # after a look at another page
    picker.begin()
    assert picker.uploaded() == ["hopper.jpg", "b.jpg", "c/d.jpg"]
    assert picker.desk.submission is not None and picker.desk.sending is None
    job = picker.desk.client.submit_text(picker.desk.submission.request, picker.desk.submission.idempotency_key)
    assert [image.name for image in picker.desk.client.images(job.id)] == ["hopper.jpg", "b.jpg", "c/d.jpg"]
    assert not [url for url in passed if "/files/" in url]
    picker.desk.finish()
    picker.tell()
    expect(picker.part(".summary")).to_be_hidden()


def test_a_browser_that_cannot_reach_the_store_uploads_through_the_dashboard(
    picker: PickerPage, settings: Settings, store: Store
) -> None:
    picker.page.route(f"{settings.store.endpoint}/**", lambda route: route.abort())
    picker.choose(("hopper.jpg", HOPPER.read_bytes()), ("b.jpg", SMALL))
    expect(picker.part(".summary")).to_contain_text("2 photographs")
    picker.begin()
    picker.uploaded()
    expect(picker.part(".way")).to_contain_text("This browser cannot reach the store directly")
    sizes = [store.stat_original(image["key"]).size_bytes for image in picker.answers[-1]["images"]]
    assert sizes == [HOPPER.stat().st_size, len(SMALL)]


def test_what_did_not_arrive_is_sent_again_and_the_rest_is_not(picker: PickerPage, settings: Settings) -> None:
    sent: list[str] = []
    refusal: dict[str, Any] = {
        "status": 400,
        "headers": {"Access-Control-Allow-Origin": "*"},
        "body": "<Message>Disk full</Message>",
    }
    picker.page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    picker.choose(("a.jpg", SMALL), ("b.jpg", SMALL + b"."))
    expect(picker.part(".summary")).to_contain_text("2 photographs")
    posted: list[str] = []

    def answer(route: Route) -> None:
        posted.append(route.request.url)
        route.continue_() if len(posted) == 1 else route.fulfill(**refusal)

    picker.page.route(f"{settings.store.endpoint}/**", answer)
    picker.begin()
    expect(picker.part(".notice")).to_contain_text("b.jpg: The store refuses it (400: Disk full).")
    expect(picker.part(".notice")).to_contain_text("1 photograph could not be uploaded, so nothing is submitted yet.")
    picker.page.unroute_all()
    before = sum(settings.store.endpoint in url for url in sent)
    picker.press("Try again")
    assert picker.uploaded() == ["a.jpg", "b.jpg"]
    assert sum(settings.store.endpoint in url for url in sent) == before + 1


def test_a_dropped_folder_is_searched(picker: PickerPage) -> None:
    picker.page.evaluate(
        """([small]) => {
            const bytes = Uint8Array.from(atob(small), (letter) => letter.charCodeAt(0));
            const file = (path) => ({ isFile: true, fullPath: path,
                file: (done) => done(new File([bytes], path.split("/").at(-1))) });
            const folder = (...inside) => ({ createReader: () => {
                const batches = inside.map((each) => [each]);
                return { readEntries: (done) => done(batches.shift() || []) };
            } });
            const inside = folder(file("/trip/a/c.jpg"), file("/trip/a/.hidden.jpg"));
            const entry = folder(file("/trip/b10.jpg"), file("/trip/b9.jpg"), inside);
            const event = new Event("drop", { bubbles: true, cancelable: true });
            event.dataTransfer = { items: [{ webkitGetAsEntry: () => entry }], files: [] };
            document.querySelector("#host").shadowRoot.querySelector(".drop").dispatchEvent(event);
        }""",
        [b64encode(SMALL).decode()],
    )
    expect(picker.part(".summary")).to_contain_text("3 photographs")
    assert _names(picker) == ["trip/a/c.jpg", "trip/b9.jpg", "trip/b10.jpg"]


def test_many_files_are_sent_with_forms_in_batches(picker: PickerPage) -> None:
    asked: list[str] = []
    picker.page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/forms") else None)
    picker.limits = {"max_images_per_job": 1000}
    picker.tell()
    picker.choose(*((f"{at}.jpg", SMALL) for at in range(120)))
    expect(picker.part(".summary")).to_contain_text("120 photographs")
    picker.begin()
    assert len(picker.uploaded()) == 120
    assert 3 <= len(asked) <= 10


def test_only_the_desks_own_browser_can_use_its_address(picker: PickerPage) -> None:
    url, desk = picker.page.url.rstrip("/"), picker.desk
    asked = {"count": 1, "max_bytes": 10}
    form = desk.new_forms(1, 10)[0][0]
    stranger = httpx.post(f"{url}{desk.url}/forms", json=asked)
    assert stranger.status_code == httpx.post(f"{url}{desk.url}/files/{form}", content=b"x").status_code == 404
    request = picker.page.context.request
    assert request.post(f"{url}{desk.url}/forms", data={"count": 0, "max_bytes": 10}).status == 422
    assert request.post(f"{url}{desk.url}/forms", data=asked).ok
    assert request.post(f"{url}{desk.url}/files/unknown", data=b"x").status == 404
    assert request.post(f"{url}{desk.url}/files/{form}", data=b"12345678901").status == 413
    assert request.post(f"{url}{desk.url}/files/{form}", data=b"1234567890").status == 204
    other = UploadDesk(desk.client, "another browser")
    desks[other.token] = other
    assert request.post(f"{url}{other.url}/forms", data=asked).status == 404

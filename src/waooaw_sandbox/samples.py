"""Sample pictures and a sample video, made when first asked for and kept in the data directory.

They need the `[media]` extra (Pillow and PyAV); without it asking raises `ExtraMissing`, and everything else works.
"""

# Neither library types its images and frames.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import math
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

WIDTH, HEIGHT, SECONDS, RATE = 270, 480, 3, 25

_making = Lock()


class ExtraMissing(Exception):
    def __init__(self) -> None:
        super().__init__("samples are made with the [media] extra: pip install 'waooaw-social[media]'")


def sample(data_dir: Path, name: str) -> Path:
    """The path of a sample, making it if it is not there yet. Blocks; call it in a thread."""
    folder = data_dir / "samples"
    path = folder / name
    with _making:
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            unfinished = folder / f"unfinished-{name}"
            try:
                MAKERS[name](unfinished)
            except ImportError as error:
                raise ExtraMissing from error
            unfinished.replace(path)
    return path


def picture(moment: float) -> "Image":
    """A sunset whose sun travels once around in a unit of `moment`."""
    from PIL import Image, ImageDraw

    image = Image.linear_gradient("L").resize((WIDTH, HEIGHT))
    warm, mild = image.point([250 - v // 2 for v in range(256)]), image.point([110 + v // 4 for v in range(256)])
    sky = Image.merge("RGB", (warm, mild, image))
    draw = ImageDraw.Draw(sky)
    x = WIDTH / 2 + 70 * math.cos(2 * math.pi * moment)
    y = HEIGHT / 2 + 120 * math.sin(2 * math.pi * moment)
    draw.ellipse((x - 45, y - 45, x + 45, y + 45), fill=(255, 214, 102))
    draw.rectangle((0, HEIGHT - 90, WIDTH, HEIGHT), fill=(29, 53, 87))
    draw.text((WIDTH / 2 - 28, HEIGHT - 50), "SANDBOX", fill=(241, 250, 238))
    return sky


def make_picture(path: Path) -> None:
    picture(0.8).save(path)


def make_square(path: Path) -> None:
    picture(0.8).resize((640, 640)).save(path)


def make_wide(path: Path) -> None:
    picture(0.3).resize((1080, 608)).save(path)


def make_sticker(path: Path) -> None:
    picture(0.8).resize((512, 512)).save(path)


def make_video(path: Path) -> None:
    """Three seconds, vertical, h264."""
    import av

    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=RATE, options={"crf": "28", "preset": "veryfast", "threads": "1"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(SECONDS * RATE):
            frame = av.VideoFrame.from_image(picture(number / (SECONDS * RATE)))
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


MAKERS: dict[str, Callable[[Path], None]] = {
    "sample.jpg": make_picture,
    "square.jpg": make_square,
    "wide.jpg": make_wide,
    "sample.png": make_picture,
    "sample.pdf": make_picture,
    "sticker.webp": make_sticker,
    "sample.mp4": make_video,
}

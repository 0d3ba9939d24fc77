"""One page as an image. Runs in a subprocess: a hostile page may take its memory, its time or its life."""

import pypdfium2 as pdfium

DOTS_PER_INCH = 300  # what tesseract was trained on
MOST_PIXELS = 40_000_000  # an A3 page has 17 million at 300 dpi; more is drawn coarser
_POINTS_PER_INCH = 72


class UndrawablePageError(Exception):
    """The bytes are no PDF with a page that can be drawn."""


def rasterise(pdf: bytes, most_pixels: int = MOST_PIXELS) -> tuple[bytes, int]:
    """The first page in grey as PGM (which needs no library to write), and its dots per inch.

    Raises UndrawablePageError.
    """
    try:
        document = pdfium.PdfDocument(pdf)
        try:
            return _draw(document[0], most_pixels)
        finally:
            document.close()
    except (pdfium.PdfiumError, IndexError, ValueError) as exc:
        raise UndrawablePageError(str(exc)) from exc


def _draw(page: pdfium.PdfPage, most_pixels: int) -> tuple[bytes, int]:
    width, height = page.get_size()
    inches = width * height / _POINTS_PER_INCH**2
    if inches <= 0:
        raise UndrawablePageError(f"a page of {width} by {height} points")
    dots = min(DOTS_PER_INCH, int((most_pixels / inches) ** 0.5))
    if dots < 1:
        raise UndrawablePageError(f"a page of {width} by {height} points")
    bitmap = page.render(scale=dots / _POINTS_PER_INCH, grayscale=True)
    try:
        rows = memoryview(bitmap.buffer)
        pixels = b"".join(
            bytes(rows[row * bitmap.stride : row * bitmap.stride + bitmap.width]) for row in range(bitmap.height)
        )
        return b"P5 %d %d 255\n" % (bitmap.width, bitmap.height) + pixels, dots
    finally:
        bitmap.close()

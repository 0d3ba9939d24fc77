"""PDFs made to hurt whoever reads them, written byte by byte: small files that ask for much memory, time or depth."""

import zlib
from collections.abc import Iterable, Sequence

MIB = 1024 * 1024
TEXT = b"BT /F1 12 Tf 40 350 Td (Il marche vers la ville. Elle regarde le fleuve et pense.) Tj ET"
_FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
_RESOURCES = b"/Resources<</Font<</F1 3 0 R>>>>"
_MEDIA = b"/MediaBox[0 0 300 400]"


def stream(body: bytes, entries: bytes = b"") -> bytes:
    return b"<<%b/Length %d>>\nstream\n%b\nendstream" % (entries, len(body), body)


def assembled(objects: Iterable[bytes], trailer: bytes = b"", root: int = 1) -> bytes:
    """A PDF of these objects, numbered from 1, with a table that is right."""
    body = bytearray(b"%PDF-1.7\n")
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = len(body)
    body += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
    body += b"".join(b"%010d 00000 n \n" % place for place in places)
    body += b"trailer\n<</Size %d/Root %d 0 R%b>>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, root, trailer, table)
    return bytes(body)


def one_page(
    content: bytes = b"",
    *,
    page: bytes = b"",
    catalog: bytes = b"",
    resources: bytes = _RESOURCES,
    media: bytes = _MEDIA,
    more: Iterable[bytes] = (),
) -> bytes:
    """A book of one page. `content` is the stream object of its text; `more` are objects from number 6 on."""
    return assembled(
        [
            b"<</Type/Catalog/Pages 2 0 R%b>>" % catalog,
            b"<</Type/Pages/Kids[4 0 R]/Count 1>>",
            _FONT,
            b"<</Type/Page/Parent 2 0 R%b%b/Contents 5 0 R%b>>" % (media, resources, page),
            content or stream(TEXT),
            *more,
        ]
    )


def bomb(size: int, layers: int = 1) -> bytes:
    """Zlib data of `size` spaces, packed `layers` times over. One block of them is packed once and repeated."""
    block = 4 * MIB
    packer = zlib.compressobj(9)
    head = packer.compress(b" " * block) + packer.flush(zlib.Z_FULL_FLUSH)
    middle = packer.compress(b" " * block) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = head + middle * (size // block - 1) + packer.compress(b" ") + packer.flush(zlib.Z_FINISH)
    for _ in range(layers - 1):
        packed = zlib.compress(packed, 9)
    return packed


def flate(body: bytes, layers: int = 1, entries: bytes = b"") -> bytes:
    return stream(body, b"/Filter[%b]%b" % (b"/FlateDecode" * layers, entries))


def many_pages(count: int, content: bytes = TEXT, media: bytes = _MEDIA) -> bytes:
    """All pages show the same stream."""
    kids = b" ".join(b"%d 0 R" % (number + 5) for number in range(count))
    page = b"<</Type/Page/Parent 2 0 R%b%b/Contents 4 0 R>>" % (media, _RESOURCES)
    return assembled(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[%b]/Count %d>>" % (kids, count),
            _FONT,
            stream(content),
            *[page] * count,
        ]
    )


def pages_of(contents: Sequence[bytes]) -> bytes:
    """A page for each of these stream objects."""
    count = len(contents)
    kids = b" ".join(b"%d 0 R" % (number + 4) for number in range(count))
    pages = [
        b"<</Type/Page/Parent 2 0 R%b%b/Contents %d 0 R>>" % (_MEDIA, _RESOURCES, number + 4 + count)
        for number in range(count)
    ]
    return assembled(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[%b]/Count %d>>" % (kids, count),
            _FONT,
            *pages,
            *contents,
        ]
    )


def short_lines(pages: int, lines: int, text: bytes = b"ab") -> bytes:
    """Each page is one long column of so many lines."""
    content = b"BT /F1 12 Tf 20 TL 10 %d Td " % (lines * 20) + b"(%b) Tj T* " % text * lines + b"ET"
    return many_pages(pages, content, b"/MediaBox[0 0 300 %d]" % (lines * 20 + 50))


def short_sentences(pages: int, sentences: int) -> bytes:
    """Each page holds so many sentences of two words, all small and close together."""
    line = b"(%b) Tj T* " % (b"Il va. " * 50)
    return many_pages(pages, b"BT /F1 4 Tf 4 TL 10 390 Td " + line * (sentences // 50) + b"ET")


def deep_tree(depth: int) -> bytes:
    """A page below `depth` nodes of one child each."""
    nodes = [b"<</Type/Pages/Kids[%d 0 R]/Count 1>>" % (number + 4) for number in range(1, depth + 1)]
    page = b"<</Type/Page%b%b/Contents 3 0 R>>" % (_MEDIA, _RESOURCES.replace(b"3 0 R", b"2 0 R"))
    return assembled([b"<</Type/Catalog/Pages 4 0 R>>", _FONT, stream(TEXT), *nodes, page])


def doubling_tree(depth: int) -> bytes:
    """Each node names the next one twice: 2 ** depth pages in `depth` objects."""
    nodes = [b"<</Type/Pages/Kids[%d 0 R %d 0 R]/Count %d>>" % (n + 4, n + 4, 2**depth) for n in range(1, depth + 1)]
    page = b"<</Type/Page%b%b/Contents 3 0 R>>" % (_MEDIA, _RESOURCES.replace(b"3 0 R", b"2 0 R"))
    return assembled([b"<</Type/Catalog/Pages 4 0 R>>", _FONT, stream(TEXT), *nodes, page])


def ring_tree() -> bytes:
    """The root of the pages is its own child."""
    return assembled([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2>>"])


def prev_ring() -> bytes:
    """A table whose /Prev is the table itself."""
    body = one_page()
    at = int(body.rsplit(b"startxref\n", 1)[1].split()[0])
    return body.replace(b"trailer\n<<", b"trailer\n<</Prev %d" % at)


def prev_chain(length: int) -> bytes:
    """`length` empty tables behind each other, the last of them the true one."""
    body = one_page()
    at = int(body.rsplit(b"startxref\n", 1)[1].split()[0])
    out = bytearray(body)
    for _ in range(length):
        here = len(out)
        out += b"xref\n0 0\ntrailer\n<</Size 6/Root 1 0 R/Prev %d>>\n" % at
        at = here
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % at)


def long_table(entries: int) -> bytes:
    """A table that says it has so many entries."""
    return one_page().replace(b"xref\n0 6\n", b"xref\n0 %d\n" % entries, 1)


def table_stream_bomb(size: int) -> bytes:
    """The table is a stream that unpacks to `size` bytes."""
    body = one_page()
    cut = body.index(b"xref\n0 6")
    entries = b"/Type/XRef/Size %d/W[1 4 2]/Root 1 0 R/Index[0 %d]" % (size // 7, size // 7)
    return body[:cut] + b"9 0 obj\n%b\nendobj\nstartxref\n%d\n%%%%EOF\n" % (flate(bomb(size), 1, entries), cut)


def object_stream_bomb(size: int) -> bytes:
    """The page lies in an object stream that unpacks to `size` bytes."""
    packed = flate(bomb(size), 1, b"/Type/ObjStm/N 1/First 6")
    base = assembled([b"<</Type/Catalog/Pages 3 0 R>>", packed])
    cut = base.index(b"xref\n0 3")
    first = base.index(b"1 0 obj"), base.index(b"2 0 obj")
    table = b"".join(
        bytes([kind]) + at.to_bytes(4, "big") + index.to_bytes(2, "big")
        for kind, at, index in ((0, 0, 65535), (1, first[0], 0), (1, first[1], 0), (2, 2, 0), (1, cut, 0))
    )
    reference = stream(table, b"/Type/XRef/Size 5/W[1 4 2]/Root 1 0 R")
    return base[:cut] + b"4 0 obj\n%b\nendobj\nstartxref\n%d\n%%%%EOF\n" % (reference, cut)


def said_length(length: bytes) -> bytes:
    """The stream of the page says that it is so long."""
    return one_page(stream(TEXT).replace(b"/Length %d" % len(TEXT), b"/Length " + length))


def nested(opening: bytes, closing: bytes, depth: int) -> bytes:
    """A value in the catalog and in the page, so deep."""
    value = opening * depth + b"1" + closing * depth
    return one_page(catalog=b"/Names " + value, page=b"/PieceInfo " + value)


def nested_content(opening: bytes, depth: int) -> bytes:
    """The same in what the page draws."""
    return one_page(stream(opening * depth + TEXT))


def form_ring() -> bytes:
    """A form that draws itself, twice."""
    form = stream(
        b"/X Do /X Do " + TEXT, b"/Type/XObject/Subtype/Form/BBox[0 0 300 400]/Resources<</XObject<</X 6 0 R>>>>"
    )
    return one_page(stream(b"/X Do"), resources=b"/Resources<</XObject<</X 6 0 R>>>>", more=[form])


def doubling_forms(depth: int) -> bytes:
    """Each form draws the next one twice: 2 ** depth times the text."""
    forms = [
        stream(
            b"/X Do /X Do " if number < depth - 1 else TEXT,
            b"/Type/XObject/Subtype/Form/BBox[0 0 300 400]/Resources<</Font<</F1 3 0 R>>/XObject<</X %d 0 R>>>>"
            % (number + 7),
        )
        for number in range(depth)
    ]
    return one_page(stream(b"/X Do"), resources=b"/Resources<</XObject<</X 6 0 R>>>>", more=forms)


def glyph_ring() -> bytes:
    """A font whose only glyph is drawn with the font."""
    font = (
        b"<</Type/Font/Subtype/Type3/FontBBox[0 0 1000 1000]/FontMatrix[.001 0 0 .001 0 0]/FirstChar 65/LastChar 65"
        b"/Widths[1000]/Encoding<</Differences[65/A]>>/CharProcs<</A 7 0 R>>/Resources<</Font<</F1 6 0 R>>>>>>"
    )
    text = b"BT /F1 12 Tf 40 350 Td (AAAA) Tj ET"
    return one_page(
        stream(text), resources=b"/Resources<</Font<</F1 6 0 R>>>>", more=[font, stream(b"1000 0 d0 " + text)]
    )


def unicode_bomb() -> bytes:
    """One sign of the font stands for many thousands."""
    long = b"0041" * 20_000
    table = stream(b"1 begincodespacerange <00> <FF> endcodespacerange 1 beginbfrange <00> <FF> <%b> endbfrange" % long)
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 7 0 R>>"
    text = b"BT /F1 12 Tf 40 350 Td (" + b"a" * 20_000 + b") Tj ET"
    return one_page(stream(text), resources=b"/Resources<</Font<</F1 6 0 R>>>>", more=[font, table])


def outline_ring() -> bytes:
    """Two bookmarks that follow each other for ever."""
    marks = [
        b"<</First 7 0 R/Last 8 0 R/Count 2>>",
        b"<</Title(Un)/Parent 6 0 R/Next 8 0 R/First 6 0 R/Dest[4 0 R/Fit]>>",
        b"<</Title(Deux)/Parent 6 0 R/Next 7 0 R/Dest[4 0 R/Fit]>>",
    ]
    return one_page(catalog=b"/Outlines 6 0 R", more=marks)


def outline_of(titles: Sequence[bytes]) -> bytes:
    """A bookmark for each title, which are UTF-16 as they stand, right or wrong."""
    marks = [
        b"<</Title<FEFF%b>/Parent 6 0 R/Next %d 0 R/Dest[4 0 R/Fit]>>" % (title.hex().encode(), number + 8)
        for number, title in enumerate(titles)
    ]
    return one_page(catalog=b"/Outlines 6 0 R", more=[b"<</First 7 0 R/Last %d 0 R>>" % (len(titles) + 6), *marks])


def long_outline(count: int) -> bytes:
    """So many bookmarks side by side, each with a long title."""
    title = b"x" * 500
    marks = [
        b"<</Title(%b)/Parent 6 0 R/Next %d 0 R/Dest[4 0 R/Fit]>>" % (title, number + 8) for number in range(count)
    ]
    return one_page(catalog=b"/Outlines 6 0 R", more=[b"<</First 7 0 R/Last %d 0 R>>" % (count + 6), *marks])


def huge_image(side: int) -> bytes:
    """A page of one picture that says it has so many points a side, all white, packed."""
    entries = b"/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceRGB/BitsPerComponent 8" % (side, side)
    picture = flate(bomb(256 * MIB), 1, entries)
    return one_page(
        stream(b"q 300 0 0 400 0 0 cm /X Do Q"), resources=b"/Resources<</XObject<</X 6 0 R>>>>", more=[picture]
    )


def heavy_pages(count: int, size: int) -> bytes:
    """Pictures only, and every page drags the same `size` bytes along."""
    kids = b" ".join(b"%d 0 R" % (number + 5) for number in range(count))
    page = b"<</Type/Page/Parent 2 0 R%b/Resources<</XObject<</X 3 0 R>>>>/Contents 4 0 R>>" % _MEDIA
    image = b"/Type/XObject/Subtype/Image/Width 4000/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8" % (
        size // 4000
    )
    return assembled(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[%b]/Count %d>>" % (kids, count),
            stream(b"\x80" * size, image),
            stream(b"q 300 0 0 400 0 0 cm /X Do Q"),
            *[page] * count,
        ]
    )


INSIDE = b"LE TEXTE DU FICHIER JOINT"


def active() -> bytes:
    """Scripts, a program to start, a file inside with a path for a name: all to be left alone. The text is plain."""
    name = rb"(../../../../tmp/\000pirate.sh)"
    names = b"/Names<</EmbeddedFiles<</Names[%b 6 0 R]>>/JavaScript<</Names[(a) 8 0 R]>>>>" % name
    actions = b"/OpenAction 8 0 R/AA<</WC 9 0 R>>"
    return one_page(
        catalog=names + actions,
        page=b"/AA<</O 8 0 R>>/Annots[10 0 R]",
        more=[
            b"<</Type/Filespec/F%b/UF%b/EF<</F 7 0 R>>>>" % (name, name),
            stream(INSIDE, b"/Type/EmbeddedFile/Subtype/application#2Fx-sh"),
            b"<</S/JavaScript/JS(while (true) { app.alert('x'); })>>",
            b"<</S/Launch/F(/bin/sh)>>",
            b"<</Type/Annot/Subtype/FileAttachment/Rect[0 0 10 10]/FS 6 0 R/A 9 0 R>>",
        ],
    )


def said_count(count: bytes) -> bytes:
    """A page tree that says it has so many pages."""
    return one_page().replace(b"/Count 1", b"/Count " + count)


def media_box(box: bytes) -> bytes:
    return one_page(media=b"/MediaBox[%b]" % box)

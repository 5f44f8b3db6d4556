"""One list of a store, read by offset: turns pages of bytes into pages of records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from storetwin.kernel.errors import RecordError
from storetwin.resources import Resource
from storetwin.security.sealing import Sealer
from storetwin.woocommerce.errors import BadAnswerError, NotFoundError
from storetwin.woocommerce.exchange import Page
from storetwin.woocommerce.languages import Languages
from storetwin.woocommerce.paging import FULL_PAGE, SMALLEST_LIMIT, covering
from storetwin.woocommerce.records import Record, read_record

if TYPE_CHECKING:
    from storetwin.woocommerce.client import StoreClient

MAX_EXCLUDED = 200  # ids in one URL, well below the 8 kB that servers allow


@dataclass(frozen=True, slots=True)
class Loaded:
    """A page of records, in the store's order.

    Args:
        burden: how many times as heavy the page was as it should be (:mod:`pace`).
        is_doubtful: it is empty, and its total says that it should not be.
        room: rows that it could show.
    """

    records: tuple[Record, ...]
    nameless: tuple[RecordError, ...]
    served_at: datetime
    total: int | None
    remarks: tuple[str, ...]
    burden: float
    is_doubtful: bool = False
    room: int = FULL_PAGE

    @property
    def is_blank(self) -> bool:
        """Say whether WooCommerce blanked the meta_data of this page."""
        return any(record.is_blank for record in self.records)


@dataclass(slots=True)
class Listing:
    """One list of one resource, optionally inside one container.

    Args:
        excluded: ids that the store is asked to leave out: records that break the page they
            stand on, each read (or given up) on its own.
        light: ask only for ids and dates.
        sealer: seals what the resource declares secret.
        languages: keeps apart what other lists of the same walk have shown.
        is_piecing: it is read in pieces, for a page of it is bad.
        asked_at: when its first answer was asked for, by the store's clock; None before, and where
            the store does not tell its time. What the store has dated earlier, was there to be seen.
    """

    client: StoreClient
    resource: Resource
    path: str
    params: Mapping[str, str]
    container: str | None = None
    light: bool = False
    excluded: set[int] = field(default_factory=set)
    sealer: Sealer | None = None
    languages: Languages | None = None
    is_piecing: bool = False
    asked_at: datetime | None = None
    _has_heard: bool = False
    _most: int = FULL_PAGE

    def own(self, records: tuple[Record, ...]) -> tuple[Record, ...]:
        """Return the records that no list in another language has shown before."""
        if self.languages is None:
            return records
        return self.languages.own(self.params.get("lang", ""), records)

    async def page(self, offset: int, size: int) -> Loaded:
        """Read ``size`` rows from ``offset`` on, oldest id first.

        Raises:
            BadAnswerError: the store answered, but not with this page.
            RetryableError: the store does not answer.
        """
        asked = {**self.params, "orderby": "id", "order": "asc"}
        if self.excluded:
            asked["exclude"] = ",".join(map(str, sorted(self.excluded)))
        asked = self._with_fields(asked)
        if self.resource.has_offset:
            asked |= {"per_page": str(size), "offset": str(offset)}
            loaded = self._load(await self._list(asked))
        else:
            loaded = await self._by_number(asked, offset, size)
        if loaded.records or offset or self.excluded or not loaded.total:
            return loaded
        told = f"{self.path} says it has {loaded.total} records and shows none"
        if self.container is None:
            raise BadAnswerError("empty", f"{told}.")
        # An attribute without terms, an order without refunds: it is the total that lies.
        return replace(loaded, remarks=(*loaded.remarks, told), is_doubtful=True)

    async def newest(self, size: int) -> Loaded:
        """Read the records with the highest ids, the highest first.

        Raises:
            BadAnswerError, RetryableError: as for a page.
        """
        asked = {**self.params, "orderby": "id", "order": "desc", "per_page": str(size)}
        return self._load(await self._list(self._with_fields(asked)))

    async def undated(self, offset: int, size: int) -> Loaded:
        """Read rows in the order of their dates of change, those without one first.

        Raises:
            BadAnswerError, RetryableError: as for a page.
        """
        asked = {**self.params, "orderby": "modified", "order": "asc"}
        asked |= {"per_page": str(size), "offset": str(offset)}
        return self._load(await self._list(asked))

    async def _by_number(self, asked: dict[str, str], offset: int, size: int) -> Loaded:
        """Read rows of a list that knows pages only.

        A host that shows fewer rows than a page should have counts its pages by those as well:
        what came then stands somewhere else, and is asked for again in pages that it allows.

        Raises:
            RecordError: it shows so few that a page cannot begin on known ground.
        """
        while True:
            number, length = covering(offset, min(size, self._most))
            first = (number - 1) * length
            page = await self._list(asked | {"per_page": str(length), "page": str(number)})
            rows = len(page.records)
            is_short = 0 < rows < min(length, self._most) and first + rows < (page.total or 0)
            if is_short and rows < SMALLEST_LIMIT:
                await self._check_end(asked, number + 1, length)
                is_short = False
            if not is_short:
                shown = page.records[offset - first : offset - first + size]
                loaded = self._load(replace(page, records=shown))
                return replace(loaded, room=min(size, first + length - offset))
            self._most = rows

    async def _check_end(self, asked: dict[str, str], number: int, length: int) -> None:
        """Make sure that there is nothing behind a page that shows next to nothing.

        Its total says that there is: it lies, or counts rows that do not load, or the host shows
        only so few.

        Raises:
            RecordError: the host shows only so few.
        """
        behind = await self._list(asked | {"per_page": str(length), "page": str(number)})
        if behind.records:
            raise RecordError(
                f"{self.path} shows no more than {len(behind.records)} records on a page, too few "
                "to read a list that can be asked for page by page only.",
                remedy="Look which plugin or proxy limits per_page, and allow 10 or more.",
            )

    async def whole(self) -> Loaded:
        """Read a list that ignores paging and always gives everything, or the one document."""
        if self.resource.is_document:
            single = await self.client.get(self.path, dict(self.params))
            page = Page((single.document,), None, single.served_at, single.remarks)
        else:
            page = await self._list(dict(self.params))
        return self._load(page)

    async def included(self, ids: Iterable[int]) -> Loaded:
        """Read these records, at most 100; what the list does not show is just absent."""
        wanted = list(ids)
        asked = {**self.params, "include": ",".join(map(str, wanted)), "orderby": "id"}
        asked |= {"per_page": str(max(1, len(wanted))), "order": "asc"}
        page = await self.client.list(self.path, self._with_fields(asked), is_piece=self.is_piecing)
        return self._load(page)

    async def _list(self, asked: dict[str, str]) -> Page:
        """Read a page; a container for which the store knows no list has nothing in it.

        Measured: ``settings`` names groups without any setting, for which it then answers 404.
        """
        try:
            return await self.client.list(self.path, asked, is_piece=self.is_piecing)
        except NotFoundError as error:
            if self.container is None or not error.wc_code or error.is_route_missing:
                raise
            remark = f"{self.path} holds nothing: {error.wc_code}"
            return Page((), 0, error.served_at, (remark,))

    def _with_fields(self, asked: dict[str, str]) -> dict[str, str]:
        if self.light and self.resource.light:
            asked["_fields"] = self.resource.light
        return asked

    def _load(self, page: Page) -> Loaded:
        if not self._has_heard:
            self._has_heard = True
            is_told = page.is_dated
            self.asked_at = page.served_at - timedelta(seconds=page.elapsed) if is_told else None
        records, nameless = [], []
        for document in page.records:
            try:
                records.append(self._read(document))
            except RecordError as error:
                nameless.append(error)
        return Loaded(
            records=tuple(records),
            nameless=tuple(nameless),
            served_at=page.served_at,
            total=page.total,
            remarks=page.remarks,
            burden=page.burden,
        )

    def _read(self, document: bytes) -> Record:
        return read_record(self.resource, document, container=self.container, sealer=self.sealer)

"""The store client: one door to a WooCommerce store's REST API v3."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from storetwin.connections.models import AuthScheme, Connection, Credentials
from storetwin.connections.quiet import QuietHoursError
from storetwin.http.answer import Answer, Request
from storetwin.http.caching import cached_by
from storetwin.http.errors import (
    AnswerCutError,
    AnswerTooLargeError,
    NoAnswerError,
    RedirectedError,
)
from storetwin.http.retry import GATEWAY, NOT_NOW, Retrying
from storetwin.kernel.clock import Clock
from storetwin.kernel.cost import Cost
from storetwin.kernel.errors import RetryableError, StoretwinError
from storetwin.woocommerce.answers import Cut, StoreError, cut, read_error
from storetwin.woocommerce.auth import sign
from storetwin.woocommerce.errors import (
    ASKED_ENOUGH,
    HEARD_OUT,
    BadAnswerError,
    CachedAnswersError,
    NotFoundError,
)
from storetwin.woocommerce.evidence import kept
from storetwin.woocommerce.exchange import Page, Question, Single
from storetwin.woocommerce.keys import Keys, ReadKeys
from storetwin.woocommerce.pace import burden, patience
from storetwin.woocommerce.paging import FULL_PAGE
from storetwin.woocommerce.refusals import busy, redirected, refusal, stopped
from storetwin.woocommerce.routes import Routes

JSON = "/wp-json"
API = f"{JSON}/wc/v3"
NO_DATE = "the store sent no Date header; our clock was taken"
CONTROL = "data/currencies/current"  # small, without database work, needs a key that may read

SINGLE_TRIES = 3  # how often one record is asked for before it counts as unreadable
CONTROL_TRIES = 5  # a server that is being restarted is back within half a minute
CONTROL_SECONDS = 15.0  # a small question that takes longer tells as much as one without an answer
DOUBT_TRIES = 3  # how often an answer that contradicts those before it is asked for
NOTABLE = timedelta(seconds=60)  # a difference of clocks worth a second signature
FRESH = {"Accept": "application/json", "Cache-Control": "no-cache"}


class StoreClient:
    """Reads from one store. A path is below ``/wp-json/wc/v3``; with a leading ``/``, ``/wp-json``.

    Args:
        retrying: sends requests, again where that helps.
        schemes: ways of authentication to try, the likeliest first.
    """

    def __init__(
        self,
        connection: Connection,
        credentials: Credentials,
        retrying: Retrying,
        clock: Clock,
        schemes: Sequence[AuthScheme],
    ) -> None:
        self._url = connection.url + API
        self._root = connection.url + JSON
        self._keys = Keys(credentials)
        self._retrying = retrying
        self._clock = clock
        self._schemes = list(schemes)
        self._ahead = timedelta()  # the store's clock minus ours
        self._has_answered = False
        self._controlling: asyncio.Task[bool] | None = None
        self._longest = 0.0  # seconds that a good page took
        self.page_limit = FULL_PAGE  # the most records that the store puts on a page

    @property
    def requests(self) -> int:
        """How many requests were sent, repeated ones included."""
        return self._retrying.transport.requests

    @property
    def cost(self) -> Cost:
        """What was met at the store so far."""
        return self._retrying.cost

    @property
    def scheme(self) -> AuthScheme:
        """The way of authentication in use."""
        return self._schemes[0]

    def hold(self, gate: Callable[[], None]) -> None:
        """Call ``gate`` before each request from here on; what it raises, the request raises."""
        self._retrying.limiter.gate = gate

    def renew_by(self, read: ReadKeys) -> None:
        """Say how the keys are read anew, should the store not take them any more."""
        self._keys.read_by(read)

    async def close(self) -> None:
        """Close every connection to the store."""
        if self._controlling is not None:
            self._controlling.cancel()
        await self._retrying.transport.close()

    async def list(self, path: str, params: Mapping[str, str], *, is_piece: bool = False) -> Page:
        """Read one page of a list.

        A page that stays bad costs at most 6 requests (3 at a gateway, each control another), a
        piece of it 2, and no more time than :func:`pace.patience` says.

        Args:
            is_piece: it is a part of a page that failed.

        Raises:
            BadAnswerError: it answered, but not with a list; or it does not answer this question
                while it answers a small one.
            RetryableError: it does not answer (StoreDownError: it says "not now").
            CredentialError: the keys are not good enough.
            CachedAnswersError: something else answers in its place.
        """
        seconds = patience(self._longest) if is_piece else None
        question = Question(path, params, seconds=seconds, is_piece=is_piece)
        answer, found = await self._read(question)
        if not found.is_list:
            raise BadAnswerError("not_json", f"{path} answered with an object instead of a list.")
        self._longest = max(self._longest, answer.elapsed)
        total = answer.headers.get("x-wp-total", "")
        return Page(
            records=found.documents,
            total=int(total) if total.isdecimal() else None,
            served_at=self._served_at(answer),
            remarks=found.remarks + (() if answer.served_at else (NO_DATE,)),
            burden=burden(
                answer.elapsed,
                answer.store_seconds,
                len(answer.body),
                records=len(found.documents),
                is_gentle=self._retrying.limiter.width.is_gentle,
            ),
            elapsed=answer.elapsed,
            is_dated=answer.served_at is not None,
        )

    async def get(self, path: str, params: Mapping[str, str]) -> Single:
        """Read one record, again where the answer came spoiled: there is nothing smaller to ask for.

        Raises:
            NotFoundError: there is none.
            BadAnswerError: it stays spoiled, and the store answers something else.
            StoreDownError, CredentialError, CachedAnswersError: as for a list.
        """
        for attempt in range(1, SINGLE_TRIES + 1):
            try:
                return await self._get(Question(path, params, is_piece=attempt > 1))
            except BadAnswerError as error:
                if attempt < SINGLE_TRIES and (attempt == 1 or error.kind not in ASKED_ENOUGH):
                    continue
                is_checked = error.kind in HEARD_OUT or not self._has_answered
                if not is_checked and not await self.control():
                    raise stopped(error) from error
                raise
        raise AssertionError("each try returns or raises")

    async def _get(self, question: Question) -> Single:
        answer, found = await self._read(question)
        if found.is_list:
            said = f"{question.path} answered with a list instead of an object."
            raise BadAnswerError("not_json", said)
        return Single(found.documents[0], self._served_at(answer), found.remarks)

    async def control(self) -> bool:
        """Say whether the store still answers a small, harmless question.

        At most 5 tries of 15 seconds, with the pauses of the backoff between them; who asks
        meanwhile hears the same.
        """
        if self._controlling is None or self._controlling.done():
            self._controlling = asyncio.create_task(self._control())
        return await asyncio.shield(self._controlling)

    async def _control(self) -> bool:
        question = Question(CONTROL, seconds=CONTROL_SECONDS, is_piece=True)
        for attempt in range(1, CONTROL_TRIES + 1):
            is_well = False
            try:
                answer = await self._ask(question)
                is_well = answer.status in (401, 403) or bool(
                    answer.status < 500 and cut(answer.body)
                )
            except QuietHoursError:
                raise  # it was not asked at all
            except (BadAnswerError, RetryableError):
                pass
            if is_well or not await self._retrying.pause(attempt):
                return is_well
        return False

    async def capabilities(self, namespaces: Iterable[str] = ()) -> Routes:
        """Return what the store's routes take; the first request of a run, so it settles auth too.

        Args:
            namespaces: other namespaces to look at, like ``wc-bookings/v1``; one that the store
                does not have has no routes.

        Raises:
            CredentialError: the keys are not accepted.
        """
        with self._retrying.hurried():
            if len(self._schemes) > 1:
                await self.get(CONTROL, {})
            single = await self.get("", {})
            indexes = [json.loads(single.document)]
            for namespace in namespaces:
                with suppress(NotFoundError):
                    other = await self.get(f"/{namespace}", {})
                    indexes.append(json.loads(other.document))
        return Routes.from_indexes(indexes)

    async def write(self, method: str, path: str, params: Mapping[str, str], body: bytes) -> Single:
        """Change one thing; it is sent once. After any other error nobody knows whether it was done.

        Raises:
            RequestRefusedError, NotFoundError, CredentialError: it was not done.
        """
        return await self._get(Question(path, params, method, body or None, is_once=True))

    async def may_write(self) -> bool:
        """Ask with an empty batch, which changes nothing, whether the keys may write."""
        answer = await self._send(Question("orders/batch", method="POST", body=b"{}"))
        if answer.status in (401, 403) and b"write permissions" in answer.body:
            return False
        if answer.status >= 300:
            raise BadAnswerError("server_error", f"orders/batch answers {answer.status}.")
        return True

    async def site_index(self, url: str | None = None) -> dict[str, Any]:
        """Return the public index of the WordPress site, without its routes; no keys are sent.

        Args:
            url: of another site; this store's own by default.
        """
        place = url.rstrip("/") + "/wp-json/" if url else self._url.removesuffix("/wc/v3") + "/"
        fields = {"_fields": "name,url,home,gmt_offset,timezone_string"}
        request = Request("GET", place, fields | {"_": secrets.token_hex(4)}, FRESH)
        with self._retrying.hurried():
            answer = await self._retrying.send(lambda: request)
        found = json.loads(cut(answer.body).documents[0])
        return found if isinstance(found, dict) else {}

    # -- one request ----------------------------------------------------------------------------

    async def _read(self, question: Question) -> tuple[Answer, Cut]:
        with kept(question, self._keys.current) as heard:
            answer = heard.answer = await self._hear(question)
            if answer.status in GATEWAY:
                if await self.control():
                    raise BadAnswerError("gateway", f"{question.path} answers {answer.status}.")
                raise busy(answer, self._clock())
            if answer.status in NOT_NOW:
                raise busy(answer, self._clock())
            error: StoreError | None = None
            found: Cut | None = None
            try:
                found = cut(answer.body)
            except BadAnswerError:
                if answer.status < 300:
                    raise
            if found is not None and not found.is_list:
                error = read_error(found.documents[0])
            if error is not None or answer.status >= 300:
                status = error.status if error and answer.status < 300 else answer.status
                raise refusal(
                    question.path,
                    status or answer.status,
                    error,
                    served_at=self._served_at(answer),
                    ahead=self._ahead.total_seconds(),
                    has_answered=self._has_answered,
                )
            assert found is not None
            return answer, found

    async def _hear(self, question: Question) -> Answer:
        """Ask; once more where the answer contradicts those before it, or may not be the store's.

        Raises:
            BadAnswerError: it does not answer this, and answers something else.
            StoreDownError: it answers nothing.
            RedirectedError, CachedAnswersError: so it went three times.
        """
        attempt = 0
        while True:
            attempt += 1
            answer, trouble = await self._ask_or_trouble(question)
            is_odd = answer.status in (401, 403) if answer and self._has_answered else False
            if question.is_once or (trouble is None and not is_odd):
                break
            if attempt >= DOUBT_TRIES or not await self._retrying.pause(attempt):
                break
        if answer is None or trouble is not None:
            assert trouble is not None
            raise trouble
        return answer

    async def _ask_or_trouble(
        self, question: Question
    ) -> tuple[Answer | None, StoretwinError | None]:
        """Return the answer, and what is wrong with where it comes from."""
        try:
            answer = await self._ask(question)
        except RedirectedError as error:
            if not self._has_answered:
                raise
            return None, error
        except BadAnswerError as error:
            if error.kind == "timeout" and not await self.control():
                raise stopped(error) from error
            raise
        cache = cached_by(answer.headers)
        if cache:
            return answer, CachedAnswersError(f"A cache answers in the store's place ({cache}).")
        return answer, None

    async def _ask(self, question: Question) -> Answer:
        """Send a request; until a way of authentication has worked, try the next one on a 401.

        A 401 that says why has read the keys: they travel well, and are wrong. One that finds the
        time wrong tells the store's own, so the request is signed once more by that. Where the keys
        were replaced meanwhile, it is sent with the new ones.
        """
        believed, used = self._ahead, self._keys.current
        answer = await self._send(question)
        if answer.status == 401 and await self._keys.have_changed(used):
            answer = await self._send(question)
        if b"Invalid timestamp" in answer.body and abs(self._ahead - believed) > NOTABLE:
            answer = await self._send(question)
        while answer.status == 401 and len(self._schemes) > 1 and not _says_why(answer):
            self._schemes.pop(0)
            answer = await self._send(question)
        if question.path and answer.status < 300:
            del self._schemes[1:]
            self._has_answered = True
        return answer

    async def _send(self, question: Question) -> Answer:
        path = question.path
        url = self._root + path if path.startswith("/") else f"{self._url}/{path}".rstrip("/")

        def make() -> Request:
            moment = self._clock() + self._ahead
            query, headers = sign(
                self.scheme,
                self._keys.current,
                question.method,
                url,
                question.params,
                nonce=secrets.token_hex(16),
                timestamp=int(moment.timestamp()),
            )
            if question.body is not None:
                headers["Content-Type"] = "application/json"
            headers |= FRESH
            return Request(question.method, url, query, headers, question.body, question.seconds)

        try:
            answer = await self._retrying.send(
                make, is_piece=question.is_piece, is_once=question.is_once
            )
        except AnswerTooLargeError as error:
            raise BadAnswerError("too_large", error.message) from error
        except NoAnswerError as error:
            raise BadAnswerError("timeout", error.message) from error
        except AnswerCutError as error:
            raise BadAnswerError("truncated", error.message) from error
        except RedirectedError as error:
            raise redirected(error) from error
        if answer.served_at is not None:
            self._ahead = answer.served_at - self._clock()
        return answer

    def _served_at(self, answer: Answer) -> datetime:
        return answer.served_at or self._clock()


def _says_why(answer: Answer) -> bool:
    """Say whether a 401 names what is wrong with the keys, instead of not having seen any."""
    return b"authentication_error" in answer.body

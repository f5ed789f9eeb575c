"""What is slow to build is built once for each key, keeps nobody else waiting, and does not pile up."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from workbench.locks import KeyedCache, KeyedLocks

LONG = 10  # seconds, after which a test that hangs has failed


def test_a_lock_excludes_others_of_its_key_alone():
    locks, inside, others = KeyedLocks(), threading.Event(), []
    with locks.hold("a"):

        def enter(key):
            with locks.hold(key):
                others.append(key)
                inside.set()

        waiting = threading.Thread(target=enter, args=("a",))
        waiting.start()
        free = threading.Thread(target=enter, args=("b",))
        free.start()
        assert inside.wait(LONG)
        free.join(LONG)
        assert others == ["b"]
    waiting.join(LONG)
    assert others == ["b", "a"]


def test_a_lock_is_reentrant_and_none_is_kept_that_nobody_holds():
    locks = KeyedLocks()
    for number in range(1000):
        with locks.hold(number), locks.hold(number):
            assert len(locks) == 1
    assert len(locks) == 0
    with pytest.raises(RuntimeError), locks.hold("a"):
        raise RuntimeError
    assert len(locks) == 0


def test_a_key_is_built_once_however_many_ask_at_once():
    cache, built, start = KeyedCache(4), [], threading.Barrier(8)

    def build():
        built.append(1)
        return object()

    def ask(_):
        start.wait(LONG)
        return cache.get("a", build)

    with ThreadPoolExecutor(8) as pool:
        values = list(pool.map(ask, range(8)))
    assert len(built) == 1
    assert all(value is values[0] for value in values)


def test_a_slow_build_keeps_nobody_waiting_who_wants_another_key():
    cache, begun, go_on = KeyedCache(4), threading.Event(), threading.Event()

    def slow():
        begun.set()
        assert go_on.wait(LONG)
        return "slow"

    with ThreadPoolExecutor(2) as pool:
        answer = pool.submit(cache.get, "a", slow)
        assert begun.wait(LONG)
        assert pool.submit(cache.get, "b", lambda: "quick").result(LONG) == "quick"
        assert not answer.done()
        go_on.set()
        assert answer.result(LONG) == "slow"


def test_the_last_used_are_kept():
    cache = KeyedCache(2)
    for key in ("a", "b", "a", "c"):
        cache.get(key, key.upper)
    assert ("a" in cache, "b" in cache, "c" in cache, len(cache)) == (True, False, True, 2)


def test_none_is_a_value_like_any_other():
    cache, built = KeyedCache(1), []
    for _ in range(2):
        assert cache.get("a", lambda: built.append(1)) is None
    assert built == [1]


def test_a_failed_build_is_passed_on_and_tried_again():
    cache = KeyedCache(2)

    def fail():
        raise KeyError("not this time")

    with pytest.raises(KeyError, match="not this time"):
        cache.get("a", fail)
    assert "a" not in cache
    assert cache.get("a", lambda: 1) == 1


def test_what_is_forgotten_is_built_again():
    cache = KeyedCache(2)
    assert cache.get("a", lambda: 1) == 1
    cache.forget("a")
    cache.forget("never there")
    assert cache.get("a", lambda: 2) == 2


def test_what_is_forgotten_while_it_is_built_is_answered_but_not_kept():
    cache = KeyedCache(2)

    def overtaken():
        cache.forget("a")
        return "old"

    assert cache.get("a", overtaken) == "old"
    assert "a" not in cache
    assert cache.get("a", lambda: "new") == "new"


def test_a_build_may_ask_for_another_key():
    cache = KeyedCache(2)
    assert cache.get("a", lambda: cache.get("b", lambda: 1) + 1) == 2


def test_many_threads_and_keys_leave_a_cache_of_its_size():
    cache = KeyedCache(3)

    def ask(number):
        assert cache.get(number % 7, lambda: number % 7) == number % 7

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(700)))
    assert len(cache) == 3


def test_a_cache_of_nothing_is_refused():
    with pytest.raises(ValueError, match="0"):
        KeyedCache(0)

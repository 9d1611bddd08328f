"""Where a generation comes from: who survives, how offspring arise, and that CMA-ES is the library's, bit for bit."""

import numpy as np
import pytest
from gymnasium import spaces

from agents.search.config import Config
from agents.search.methods import CMAES, Evolution, cma
from agents.search.policy import Policy

POLICY = Policy(spaces.Box(-1, 1, (4,)), spaces.Discrete(2), ())  # 10 weights


def evolution(seed=0, **changes):
    return Evolution(Config(**{"population_size": 5, "survivors": 2, **changes}), POLICY, np.random.default_rng(seed))


def cma_es(seed=0, size=6):
    return CMAES(Config(method="cma_es", population_size=size), POLICY, np.random.default_rng(seed))


def sphere(population):
    """Returns that are highest, 0, where all weights are 1."""
    return -np.square(population - 1).sum(axis=1)


def test_the_best_survive_in_order_and_have_mutated_offspring_in_turns():
    search = evolution(step_size=1e-6)
    before = search.population
    search.advance(np.array([1.0, 5, 3, 7, 5]))
    np.testing.assert_array_equal(search.population[:2], before[[3, 1]])  # of 1 and 4, which tie, the earlier
    offspring = search.population[2:]
    np.testing.assert_allclose(offspring, before[[3, 1, 3]], atol=1e-5)
    assert (offspring != before[[3, 1, 3]]).all()
    np.testing.assert_array_equal(search.best, before[3])


def test_mutations_have_the_step_size():
    search = evolution(population_size=3001, survivors=1, step_size=0.3)
    search.advance(np.arange(3001.0))
    assert (search.population[1:] - search.best).std() == pytest.approx(0.3, rel=0.02)


def test_random_search_keeps_the_best_and_draws_the_others_anew():
    search = evolution(method="random_search", population_size=2001, survivors=1)
    before = search.population
    search.advance(np.arange(2001.0))
    np.testing.assert_array_equal(search.population[0], before[2000])
    assert not np.isin(search.population[1:], before).any()
    assert search.population[1:].mean() == pytest.approx(0, abs=0.02)  # and not around the best
    assert search.population[1:].std() == pytest.approx(4**-0.5, rel=0.02)


def test_cma_es_asks_and_tells_as_the_library_is_meant_to_be_used():
    random = np.random.default_rng(3)
    options = {"popsize": 8, "randn": lambda rows, columns: random.standard_normal((rows, columns)), "verbose": -9}
    library = cma.CMAEvolutionStrategy(np.zeros(10), 0.5, {**options, "seed": np.nan})
    search = cma_es(seed=3, size=8)
    for _ in range(60):
        solutions = library.ask()
        np.testing.assert_array_equal(search.population, solutions)
        library.tell(solutions, list(-sphere(np.array(solutions))))
        search.advance(sphere(search.population))
    np.testing.assert_array_equal(search.best, library.mean)
    assert sphere(search.best[None])[0] > -0.01  # from -10


@pytest.mark.parametrize("size", [6, 7, 16])
@pytest.mark.parametrize("generations", [0, 1, 40])
def test_cma_es_goes_on_bit_for_bit_after_it_was_told_its_history_again(size, generations):
    one = cma_es(seed=1, size=size)
    for _ in range(generations):
        one.advance(sphere(one.population))
    random = np.random.default_rng(99)
    other = CMAES(Config(method="cma_es", population_size=size), POLICY, random)
    other.restore(one.state())
    random.bit_generator.state = drawn(1, size, generations)
    np.testing.assert_array_equal(one.best, other.best)
    for _ in range(40):
        np.testing.assert_array_equal(one.population, other.population)
        one.advance(sphere(one.population))
        other.advance(sphere(other.population))
    state, same = one.state(), other.state()
    assert state.keys() == same.keys()
    for name, array in state.items():
        np.testing.assert_array_equal(array, same[name])


def drawn(seed, size, generations):
    """The state of a generator that has drawn the samples of so many generations, and of the one after them."""
    random = np.random.default_rng(seed)
    for _ in range(generations + 1):
        random.standard_normal((size, 10))
    return random.bit_generator.state


def test_the_history_takes_one_number_more_than_there_are_weights_for_each_individual():
    search = cma_es(size=16)
    for _ in range(25):
        search.advance(sphere(search.population))
    state = search.state()
    assert state["told"].nbytes + state["told_returns"].nbytes == 8 * (10 + 1) * 16 * 25


def test_returns_that_never_differ_do_no_harm():
    search = cma_es()
    for _ in range(300):
        search.advance(np.zeros(6))
    assert np.isfinite(search.population).all()


def test_numpys_global_generator_is_left_alone():
    np.random.seed(5)
    expected = np.random.random()
    np.random.seed(5)
    for search in (cma_es(), evolution()):
        search.advance(np.arange(float(len(search.population))))
    assert np.random.random() == expected

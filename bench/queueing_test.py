"""python3 -m unittest discover -s bench -p '*_test.py'"""
import math
import random
import unittest

import queueing


class Queueing(unittest.TestCase):
    def test_one_server_is_the_textbook_queue(self):
        # M/M/1: the wait is rho / (mu - lambda).
        self.assertAlmostEqual(queueing.wait_in_queue(0.5, 1.0, 1), 0.5 / (1 - 0.5))
        self.assertAlmostEqual(queueing.wait_in_queue(0.9, 1.0, 1), 9.0)

    def test_a_full_station_never_ends(self):
        self.assertEqual(queueing.wait_in_queue(2.0, 1.0, 2), math.inf)

    def test_a_simulation_agrees(self):
        chance = random.Random(5)
        rate, demand, cores, jobs = 3.2, 0.5, 2, 200_000
        free, now, waited = [0.0] * cores, 0.0, 0.0
        for _ in range(jobs):
            now += chance.expovariate(rate)
            free.sort()
            begin = max(now, free[0])
            waited += begin - now
            free[0] = begin + chance.expovariate(1 / demand)
        self.assertAlmostEqual(waited / jobs, queueing.wait_in_queue(rate, demand, cores), delta=0.05)

    def test_the_fullest_station_is_the_limit(self):
        self.assertEqual(queueing.capacity({"api": 0.01, "worker": 0.04}, {"api": 1, "worker": 2}), (50, "worker"))
        demands, cores = queueing.shared({"api": 0.01, "worker": 0.04}, 2)
        self.assertAlmostEqual(queueing.capacity(demands, cores)[0], 40)


if __name__ == "__main__":
    unittest.main()

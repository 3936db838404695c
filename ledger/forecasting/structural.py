"""A structural time series by the library: day types and degree-days explain a day, an autoregressive rest carries on.

Missing days stay missing: the library's filter steps over them. Warmth beyond the normal year is not part of the paths; the
back-test, which forecasts with normal years as well, shows what that costs.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from ledger.forecasting.methods import PATHS, Outlook, Past, known_days
from ledger.forecasting.reference import Floats
from ledger.forecasting.weather import Conditions, measured_degree_days, normal_degree_days

LEAST_DAYS = 56
A_YEAR = 360
ITERATIONS = 60
PRECISION = 1e7
"""Of the search, in units of the machine's: 2e-9 of the likelihood. A finer one takes twice as long and moves a year by some Wh."""
LEAST_OF_START = 0.1


def steady(past: Past) -> Outlook | None:
    """Forecast with a level that stands still."""
    return _structural(past, level="fixed intercept")


def wandering(past: Past) -> Outlook | None:
    """Forecast with a level that wanders: the recent past counts for more, and the interval widens with time."""
    return _structural(past, level="local level")


def _structural(past: Past, level: str) -> Outlook | None:
    from statsmodels.tools.sm_exceptions import ConvergenceWarning
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    if known_days(past.wh) < LEAST_DAYS:
        return None
    columns = _explained(past)
    if columns is None:
        return None
    before, after = columns
    scale = float(np.nanmean(past.wh)) or 1.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        # The coefficients are part of the state: five times as fast, and the paths know how uncertain they are.
        model = UnobservedComponents(past.wh / scale, level, exog=before, autoregressive=1, mle_regression=False)
        start = _start(model.param_names, np.asarray(model.start_params), past.fitted)
        found = model.fit(start, method="lbfgs", maxiter=ITERATIONS, factr=PRECISION, disp=False, cov_type="none")
        expected = np.asarray(found.get_forecast(past.horizon, exog=after).predicted_mean) * scale
        paths = found.simulate(past.horizon, anchor="end", repetitions=PATHS, exog=after, rng=np.random.default_rng(past.seed))
    paths = np.asarray(paths).reshape(past.horizon, PATHS).T * scale
    if not np.isfinite(expected).all() or not np.isfinite(paths).all():
        return None
    return Outlook(np.maximum(0, expected), np.maximum(0, paths), np.asarray(found.params))


def _start(names: Sequence[str], own: Floats, earlier: Floats | None) -> Floats:
    """Return where the search begins: at what was found 45 days earlier it is over three times as soon.

    A variance that was found to be nothing begins above nothing, for from there no search would ever leave.
    """
    if earlier is None:
        return own
    return np.array(
        [max(at, LEAST_OF_START * usual) if name.startswith("sigma2") else at for name, usual, at in zip(names, own, earlier, strict=True)]
    )


def _explained(past: Past) -> tuple[Floats, Floats] | None:
    """Return the explaining columns of known and of coming days; those that never change are left out."""
    before, after = _day_types(past.known), _day_types(past.coming)
    warm, normal = measured_degree_days(past.known), normal_degree_days(past.known, past.coming)
    if warm is not None and normal is not None:
        for known, coming in zip(warm, normal, strict=True):
            # An office cools more on a working day than on a day off.
            before += [known, known * before[0]]
            after += [coming, coming * after[0]]
    elif len(past.known) >= A_YEAR:
        for turn in (np.sin, np.cos):
            before.append(turn(_angle(past.known)))
            after.append(turn(_angle(past.coming)))
    old, new = np.column_stack(before), np.column_stack(after)
    changing = np.ptp(old, axis=0) > 0
    old, new = old[:, changing], new[:, changing]
    if not changing.any() or np.linalg.matrix_rank(np.column_stack((np.ones(len(old)), old))) <= old.shape[1]:
        return None
    return old, new


def _day_types(conditions: Conditions) -> list[Floats]:
    kinds = np.array(conditions.kinds)
    monday = np.array([day.weekday() == 0 for day in conditions.days]) & (kinds == "work")
    return [(kinds == "work").astype(np.float64), (kinds == "saturday").astype(np.float64), monday.astype(np.float64)]


def _angle(conditions: Conditions) -> Floats:
    return np.array([2 * np.pi * day.timetuple().tm_yday / 365.25 for day in conditions.days])

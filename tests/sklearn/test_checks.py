"""scikit-learn's own checks: all are passed, and tags do not skip them."""

from collections import Counter

import pytest

pytest.importorskip("sklearn")
from sklearn.utils.estimator_checks import check_estimator, estimator_checks_generator

from synapse.sklearn import NetworkClassifier, NetworkRegressor

pytestmark = pytest.mark.filterwarnings("ignore")  # of what the checks try
REGRESSOR = NetworkRegressor(l2=0.0)
"""Two checks want a weight of 2 to be a repetition. With `l2="auto"`, which follows
from the number of samples, all weights times 2 are the same."""
NOT_OURS = {
    "check_array_api_input",
    "check_classifiers_multilabel_output_format_decision_function",
}
"""Checks that skip themselves: of arrays of other libraries, and of a method that these
have not."""


def passed(estimator):
    """The number of checks passed, after all others have been found to be skipped."""
    checked = check_estimator(estimator, on_fail=None)
    left = [
        f"{check['check_name']}: {check['status']}, {check['exception']!r}"
        for check in checked
        if check["status"] != "passed" and check["check_name"] not in NOT_OURS
    ]
    assert not left, "\n".join(left)
    return sum(check["status"] == "passed" for check in checked)


SOME = """check_estimators_overwrite_params check_dict_unchanged
check_estimators_nan_inf check_fit_idempotent check_n_features_in
check_readonly_memmap_input check_sample_weight_equivalence_on_dense_data
check_estimators_partial_fit_n_features check_estimator_sparse_array
check_estimator_sparse_matrix check_sample_weight_equivalence_on_sparse_data"""


@pytest.mark.full
def test_both_pass_some_of_them():
    """Those that take most care; all of them are in the tier slow."""
    names = SOME.split()
    done = Counter()
    for estimator in (NetworkClassifier(), REGRESSOR):
        for made, check in estimator_checks_generator(estimator):
            if check.func.__name__ in names:
                check(made)
                done[check.func.__name__] += 1
    assert done == dict.fromkeys(names, 2)


@pytest.mark.slow
def test_both_pass_all_of_them():
    assert passed(NetworkClassifier()) >= 67
    assert passed(REGRESSOR) >= 60

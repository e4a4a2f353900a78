"""Tests of the estimators for scikit-learn, skforecast, sktime and River."""

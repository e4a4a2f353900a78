"""Tests of the estimators for scikit-learn, skforecast and River."""

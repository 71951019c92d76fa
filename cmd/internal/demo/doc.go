// Package demo fills a development system with synthetic people and walks patients along the whole path of care, through the
// public REST API and nothing else: no store, no generated client, no shortcut. What it does, any integrator can do.
//
// A [Script] is what happens to one patient, as steps with a time. One driver carries out the steps of all scripts in the order of
// their times and moves the development clock from one to the next, so that sixty patients live through sixteen weeks side by side.
// The steps of a walk are checked against what the contract promises, and printed with the curl that does the same.
//
// Everyone is invented. Identity numbers come from the ranges that the Swedish Tax Agency reserves for tests.
package demo

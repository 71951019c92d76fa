// Package whole holds the tests of the product as one: every service in one process on real stores, over gRPC and over REST, as
// a caller meets it. They are driven by the descriptors of the contract, so that a new method is tested by being there.
//
// What a method is called with is made by filling its request: ids are those of things that stand at the place tried, and text is
// a canary. Where the contract does not say enough for that, samples_test.go says the rest; a method whose sample is not accepted
// fails TestSamplesAreAccepted by name.
package whole

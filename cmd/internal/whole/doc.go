// Package whole holds the tests of the product as one: every service in one process on real stores, over gRPC and over REST, as
// a caller meets it. They are driven by the descriptors of the contract, so that a new method is tested by being there: who may
// call it, what it refuses, what it keeps in the clear, what a retry does.
//
// What a method is called with is made by filling its request: ids are those of things that stand at the place tried, text is a
// canary, days are today. Where the contract does not say enough for that, a line says the rest:
//
//	stage_test.go    setting       the method that makes a new kind of thing, and who calls it
//	samples_test.go  values        what a field takes
//	                 callers       who calls, when the first role of the rule would not do
//	                 preparations  the state that a method starts from
//	absent_test.go   takenOnTrust  an id that the contract says is not looked up
//
// A method whose sample is not accepted fails TestSamplesAreAccepted by name. testdata/access.txt is the table of who may call
// what; it is reviewed in diffs and written anew by -update.
package whole

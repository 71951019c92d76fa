// Package reflection tries what a tool such as grpcurl does: it asks the server what it serves, learns the messages from it, and calls
// a method without any of the contract's code.
package reflection

// Package page holds what every list and every mutable resource of the API
// needs: the token that leads to the next page, the size of a page, and the
// etag that tells one revision of a resource from the next.
//
// A page token carries the keys of the last row shown (its place in the order
// of the list), so that the next page is read by comparing with them: no row
// is skipped or shown twice because others came or went, and page one thousand
// costs as much as page one. The token is readable by who holds it, and stands
// in URLs: only ids, instants and days belong in it, never a name, an identity
// number or a diagnosis.
package page

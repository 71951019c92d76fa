package util

func unread() { panic("testdata is not read") }

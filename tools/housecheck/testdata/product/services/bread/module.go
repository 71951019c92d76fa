package bread

type Module struct{}

{{- define "coworkcare.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "coworkcare.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "coworkcare.labels" -}}
{{ include "coworkcare.selector" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | trunc 63 | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "coworkcare.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* Pools of connections in a replica: one of each service, of the access log, and of the installation. */}}
{{- define "coworkcare.pools" -}}8{{- end -}}

{{/* Stops the rendering with everything that is missing, at once. */}}
{{- define "coworkcare.require" -}}
{{- $missing := list -}}
{{- if not .Values.image.repository }}{{ $missing = append $missing "image.repository: the image built from deploy/Dockerfile, in your own registry" }}{{ end -}}
{{- if not .Values.oidc.issuer }}{{ $missing = append $missing "oidc.issuer: the issuer whose tokens are trusted" }}{{ end -}}
{{- if not .Values.database.existingSecret }}{{ $missing = append $missing "database.existingSecret: the Secret with the URL of PostgreSQL" }}{{ end -}}
{{- if not .Values.redis.existingSecret }}{{ $missing = append $missing "redis.existingSecret: the Secret with the URL of Redis" }}{{ end -}}
{{- if not .Values.keys.existingSecret }}{{ $missing = append $missing "keys.existingSecret: the Secret with the file that `coworkcare keys generate` makes" }}{{ end -}}
{{- if $missing }}{{ fail (printf "these values are missing:\n  %s" (join "\n  " $missing)) }}{{ end -}}
{{- end -}}

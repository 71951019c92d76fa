"use strict";

const ui = SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#api",
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  onComplete: offerRoles,
});

// On a developer's own machine the server gives tokens for synthetic people; anywhere else it answers 404, and the page asks for one.
async function offerRoles() {
  const form = document.getElementById("caller");
  const roles = ui.specSelectors.specJson().getIn(["components", "schemas", "Role", "enum"]).toJS();
  const call = async (role) => {
    const answer = await fetch("docs/token?role=" + encodeURIComponent(role));
    if (!answer.ok || !answer.headers.get("Content-Type").startsWith("application/json")) return false;
    const { token } = await answer.json();
    ui.preauthorizeApiKey("bearerAuth", token);
    form.elements.told.textContent = "Requests bear a development token of this role.";
    return true;
  };
  const short = (role) => role.replace(/^ROLE_/, "").toLowerCase();
  if (!(await call("care_manager"))) return;
  for (const role of roles) {
    const name = short(role);
    form.elements.role.add(new Option(name.replaceAll("_", " "), name, false, name === "care_manager"));
  }
  form.elements.role.addEventListener("change", async (event) => {
    if (!(await call(event.target.value))) form.elements.told.textContent = "No token for this role.";
  });
  form.hidden = false;
}

// Shows the API's description. A key that is typed in stays in this page: it is kept nowhere.
"use strict";

window.ui = SwaggerUIBundle({
  url: document.getElementById("docs").dataset.schema,
  dom_id: "#docs",
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
});

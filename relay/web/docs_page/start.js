// Nothing leaves for another server: no fonts, no telemetry, no assistant, no proxy (the page's
// Content-Security-Policy would stop them, too). A key that is typed in is not kept.
Scalar.createApiReference("#api", {
  url: "/openapi.json",
  // So that an example can be pasted into a shell.
  servers: [{ url: window.location.origin }],
  authentication: { preferredSecurityScheme: "ApiKey" },
  showOperationId: true,
  persistAuth: false,
  withDefaultFonts: false,
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  showDeveloperTools: "never",
  hideClientButton: true,
  documentDownloadType: "direct",
});

// The policy of the page holds the viewer to this origin; what would ask elsewhere is switched off, so that nobody waits for it.
window.Scalar.createApiReference("#reference", {
  url: "/openapi.json",
  // Requests go to the host that shows the page, whatever address the document names.
  servers: [{ url: window.location.origin }],
  generateOperationSlug: ({ operationId }) => operationId,
  telemetry: false,
  withDefaultFonts: false,
  showDeveloperTools: "never",
  hideClientButton: true,
  agent: { disabled: true },
  mcp: { disabled: true },
  defaultHttpClient: { targetKey: "shell", clientKey: "curl" },
  documentDownloadType: "json",
  defaultOpenFirstTag: false,
  hideModels: true,
  orderSchemaPropertiesBy: "preserve",
});

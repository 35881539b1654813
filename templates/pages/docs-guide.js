// Gives every example a button that copies it. The guide is complete without.
for (const example of document.querySelectorAll("pre")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(example.textContent.trimEnd());
    button.textContent = "Copied";
    setTimeout(() => {
      button.textContent = "Copy";
    }, 2_000);
  });
  const frame = document.createElement("div");
  frame.className = "example";
  example.replaceWith(frame);
  frame.append(example, button);
}

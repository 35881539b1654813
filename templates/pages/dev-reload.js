const shown = document.documentElement.dataset.version;

async function reloadWhenSaved() {
  const answer = await fetch("/dev/mails/version").catch(() => undefined);
  if (answer?.ok && (await answer.text()) !== shown) location.reload();
  else setTimeout(reloadWhenSaved, 700);
}

void reloadWhenSaved();

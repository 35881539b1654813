const EVERY = 4_000;

/** Replaces UTC with the reader's time zone. */
function showLocalTimes() {
  for (const time of document.querySelectorAll("time"))
    time.title = new Date(time.dateTime).toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });
  for (const time of document.querySelectorAll("time[data-moment]")) time.textContent = time.title;
}

/** Replaces the list with the newest one. The focus stays on its email, and the scroll position doesn't move. */
async function refresh() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => undefined);
  if (answer?.ok) {
    const main = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    const shown = document.querySelector("main");
    const focused = shown.contains(document.activeElement)
      ? document.activeElement.getAttribute("href")
      : null;
    shown.replaceWith(main);
    if (focused !== null) document.querySelector(`a[href="${focused}"]`)?.focus({ preventScroll: true });
    showLocalTimes();
  }
  setTimeout(refresh, EVERY);
}

showLocalTimes();
if (document.documentElement.dataset.refresh) setTimeout(refresh, EVERY);

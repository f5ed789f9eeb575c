// Which language and which of light and dark: from the address, else remembered, else the browser's.
(() => {
  const valid = (value) => (value === "zh" || value === "en" ? value : null);
  const asked = valid(new URLSearchParams(location.search).get("lang"));
  const browser = (navigator.language || "en").toLowerCase().startsWith("zh") ? "zh" : "en";

  const apply = () => {
    document.documentElement.lang = WB.boot.locales[WB.lang];
    document.cookie = `${WB.boot.cookie}=${WB.lang}; path=/; max-age=31536000; samesite=lax`;
    document.title = WB.t("product.name");
    if (WB.boot.locale_module) {
      import(new URL(WB.boot.locale_module, document.baseURI).href)
        .then((module) => module.changeLocale(WB.boot.locales[WB.lang]))
        .catch(() => { /* labels then keep to the browser's language */ });
    }
  };
  // Gradio translates the names of tabs when they are first opened; those of the others are set here.
  const nameTabs = () => {
    const keys = Object.keys(WB.boot.texts.en).filter((key) => key.startsWith("tab."));
    for (const button of document.querySelectorAll("#tabs > .tab-wrapper button")) {
      const text = button.textContent.trim();
      const key = keys.find((k) => WB.boot.texts.zh[k] === text || WB.boot.texts.en[k] === text);
      const node = key && [...button.childNodes].find((child) => child.nodeType === Node.TEXT_NODE && child.data.trim() === text);
      if (node && text !== WB.t(key)) node.data = WB.t(key);
    }
  };
  WB.on("language", nameTabs);
  WB.on("tab", nameTabs);
  const there = setInterval(() => {
    const tabs = document.querySelector("#tabs > .tab-wrapper");
    if (!tabs) return;
    clearInterval(there);
    nameTabs();
    new MutationObserver(nameTabs).observe(tabs, { childList: true, characterData: true, subtree: true });
  }, 60);

  WB.setLanguage = (language) => {
    WB.lang = valid(language) || WB.lang;
    WB.store.set("language", WB.lang);
    apply();
    WB.emit("language");
  };
  WB.lang = asked || valid(WB.store.get("language")) || valid(WB.boot.language) || browser;
  if (asked) { // remembered, so that the address need not say it for ever
    WB.store.set("language", asked);
    const address = new URL(location.href);
    address.searchParams.delete("lang");
    history.replaceState(null, "", address);
  }
  apply();

  WB.isDark = () => document.body.classList.contains("dark");
  WB.setDark = (dark, remember = true) => {
    document.body.classList.toggle("dark", dark);
    if (remember) WB.store.set("theme", dark ? "dark" : "light");
    WB.emit("theme");
  };
  const wished = WB.store.get("theme");
  if (wished && !new URLSearchParams(location.search).has("__theme")) WB.setDark(wished === "dark", false);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    if (WB.store.get("theme")) WB.setDark(WB.store.get("theme") === "dark", false); else WB.emit("theme");
  });

  // The chosen tab is kept in the address, so that a reload comes back to it.
  document.addEventListener("click", (event) => {
    const tab = event.target.closest?.("button[role=tab][id^=tab-]");
    if (tab) {
      const name = tab.id.replace(/^tab-|-button$/g, "");
      history.replaceState(null, "", "#" + name);
      setTimeout(() => WB.emit("tab", name), 50);
    }
  }, true);
  const first = location.hash.slice(1);
  if (/^[a-z]+$/.test(first)) {
    const waiting = setInterval(() => {
      const tab = document.getElementById(`tab-${first}-button`);
      if (tab) { clearInterval(waiting); tab.click(); }
    }, 60);
    setTimeout(() => clearInterval(waiting), 8000);
  }
})();

// Shows in each column the implementation that the reader chooses, and keeps the pair in the address.
document.addEventListener("DOMContentLoaded", () => {
  const selects = document.querySelectorAll(".tfmxbench-chooser select");
  const show = (select) => {
    const panels = `.tfmxbench-column[data-column="${select.dataset.column}"] .tfmxbench-panel`;
    for (const panel of select.closest(".tfmxbench-chooser").querySelectorAll(panels)) {
      panel.hidden = panel.dataset.style !== select.value;
    }
  };
  const asked = new URLSearchParams(window.location.search);
  const names = ["first", "second"];
  selects.forEach((select, number) => {
    const wanted = asked.get(names[number]);
    if ([...select.options].some((option) => option.value === wanted)) {
      select.value = wanted;
    }
    show(select);
    select.addEventListener("change", () => {
      show(select);
      const address = new URL(window.location.href);
      selects.forEach((other, position) => address.searchParams.set(names[position], other.value));
      window.history.replaceState(null, "", address);
    });
  });
});

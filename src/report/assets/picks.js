"use strict";
// Fills the page of picks from its data. Texts go into text nodes, never into markup.

const picks = JSON.parse(document.getElementById("data").textContent);
document.getElementById("title").textContent = picks.length === 1 ? "1 pick" : `${picks.length.toLocaleString("en-US")} picks`;
picks.forEach((pick, rank) => {
  const image = new Image(pick.width, pick.height);
  image.loading = "lazy";
  image.alt = pick.id;
  image.src = `data:image/jpeg;base64,${pick.jpeg}`;
  const caption = document.createElement("figcaption");
  const why = document.createElement("small");
  why.textContent = pick.caption;
  caption.append(`${rank}. ${pick.id}`, why);
  const figure = document.createElement("figure");
  figure.append(image, caption);
  document.getElementById("sheet").append(figure);
});

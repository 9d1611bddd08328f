// One clock for the games on the screen. It counts in steps of the agent; videos follow it, and it follows them.
"use strict";

const FASTEST = 16; // what browsers play

// The middle of the screen that shows the moment after `step` steps, in seconds of the video.
function timeOf({ timeline }, step) {
  return (timeline.shown[Math.min(step, timeline.length)] + 0.5) / timeline.screens_per_second;
}

// The last moment that a video has come to.
function stepAt({ timeline, video }) {
  const screen = Math.floor(video.currentTime * timeline.screens_per_second + 1e-6);
  let low = 0;
  let high = timeline.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (timeline.shown[middle] <= screen) low = middle;
    else high = middle - 1;
  }
  return low;
}

// The seconds that a step lasts at the speed of the game.
function secondsOf({ timeline }) {
  const screens = timeline.shown ? timeline.shown[timeline.length] / timeline.length : 1;
  return screens / timeline.screens_per_second;
}

class Player {
  // `games` have a timeline, a video (or null) and show(step); `changed` is called when the player has.
  constructor(games, changed) {
    this.games = games;
    this.changed = changed;
    this.lead = games.reduce((longest, game) => (game.timeline.length > longest.timeline.length ? game : longest));
    this.length = this.lead.timeline.length;
    this.step = 0;
    this.speed = 1;
    this.playing = false;
    for (const game of games) game.video?.addEventListener("seeked", () => game.video && this.follow(game));
  }

  // A video was moved, by this player or from outside.
  follow(game) {
    const step = stepAt(game);
    if (!this.playing && step !== Math.min(this.step, game.timeline.length)) this.seek(step);
  }

  seek(step) {
    this.step = Math.max(0, Math.min(Math.round(step), this.length));
    this.elapsed = 0;
    for (const game of this.games) if (game.video) game.video.currentTime = timeOf(game, this.step);
    this.show();
  }

  show() {
    for (const game of this.games) game.show(Math.min(this.step, game.timeline.length));
    this.changed(this);
  }

  setSpeed(speed) {
    this.speed = speed;
    for (const game of this.games) {
      const rate = (speed * secondsOf(game)) / secondsOf(this.lead);
      if (game.video) game.video.playbackRate = Math.max(1 / FASTEST, Math.min(rate, FASTEST));
    }
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  play() {
    if (this.step >= this.length) this.seek(0);
    this.playing = true;
    this.setSpeed(this.speed);
    for (const game of this.games) {
      if (this.step < game.timeline.length) game.video?.play().catch(() => {}); // paused before it began
    }
    this.now = null; // the first tick's time may lie before this moment
    this.frame = requestAnimationFrame((now) => this.tick(now));
    this.show();
  }

  pause() {
    this.playing = false;
    cancelAnimationFrame(this.frame); // or two would tick where it plays again at once
    for (const game of this.games) game.video?.pause();
    this.seek(this.step);
  }

  tick(now) {
    if (!this.playing) return;
    const { lead } = this;
    let step;
    if (lead.video) step = lead.video.ended ? this.length : stepAt(lead);
    else {
      this.elapsed += ((now - (this.now ?? now)) / 1000) * this.speed;
      const steps = Math.floor(this.elapsed / secondsOf(lead));
      this.elapsed -= steps * secondsOf(lead);
      step = Math.min(this.step + steps, this.length);
    }
    this.now = now;
    for (const game of this.games) if (game !== lead && game.video) this.keepUp(game, step);
    if (step !== this.step) {
      this.step = step;
      this.show();
    }
    if (step >= this.length) this.pause();
    else this.frame = requestAnimationFrame((later) => this.tick(later));
  }

  // Hold another game's video to the step, or at its end; it plays again when the player went back from there.
  keepUp({ timeline, video }, step) {
    if (step >= timeline.length) {
      if (!video.paused) video.pause();
      if (stepAt({ timeline, video }) < timeline.length && !video.seeking) video.currentTime = timeOf({ timeline }, step);
      return;
    }
    if (video.paused) video.play().catch(() => {});
    if (Math.abs(stepAt({ timeline, video }) - step) > 2 && !video.seeking) {
      video.currentTime = timeOf({ timeline }, step);
    }
  }
}

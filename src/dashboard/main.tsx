import './styles.css';
import { render } from 'preact';
import { App } from './app.tsx';
import { startClock } from './data/clock.ts';
import { startFeed } from './data/feed.ts';
import { startLocation } from './location.ts';

startLocation();
startClock();
startFeed();
const page = document.getElementById('page');
if (page) render(<App />, page);

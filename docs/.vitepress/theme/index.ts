import theme from 'vitepress/theme-without-fonts';
import './style.css';

/** VitePress' own theme in the dashboard's colours, with the fonts that the reader's machine has. */
export default theme;

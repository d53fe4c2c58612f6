// Colours and shapes of the page. Contrasts are those of WCAG AA in both schemes; tests/web looks after that.
import { Alert, Badge, createTheme, type MantineColorsTuple } from "@mantine/core";

const water: MantineColorsTuple = [
  "#e9f3fd",
  "#d2e4f6",
  "#a3c8ee",
  "#72abe6",
  "#4b92df",
  "#3383db",
  "#2477d3",
  "#1766bd",
  "#0b5cad",
  "#004d96",
];

export const theme = createTheme({
  colors: { water },
  primaryColor: "water",
  primaryShade: { light: 8, dark: 7 },
  autoContrast: true,
  defaultRadius: "md",
  cursorType: "pointer",
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', Menlo, Consolas, monospace",
  headings: { fontWeight: "650" },
  components: {
    // A title in the alert's own colour is too pale on its ground.
    Alert: Alert.extend({ styles: { title: { color: "var(--mantine-color-text)" } } }),
    Badge: Badge.extend({ defaultProps: { radius: "sm" }, styles: { label: { textTransform: "none" } } }),
  },
});

// The page begins here.
import "./mantine.css";
import "./page.css";
import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { whenUnauthorized } from "./api/client";
import { mayPass } from "./api/problem";
import { router } from "./routes";
import { theme } from "./theme";

const MOST_TRIES = 3;

const client = new QueryClient({
  defaultOptions: { queries: { retry: (failures, problem) => mayPass(problem) && failures < MOST_TRIES, staleTime: 2000 } },
});

whenUnauthorized(() => {
  const { pathname, href } = router.state.location;
  if (pathname !== "/sign-in") void router.navigate({ to: "/sign-in", search: { next: href === "/" ? undefined : href } });
});

// A server of another version has other files: the page that asks for an old one is loaded anew, once.
window.addEventListener("vite:preloadError", (event) => {
  const last = Number(window.sessionStorage.getItem("sluice.reloaded") ?? "0");
  if (Date.now() - last < 10_000) return;
  event.preventDefault();
  window.sessionStorage.setItem("sluice.reloaded", String(Date.now()));
  window.location.reload();
});

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);

"""Headless Chromium over one page of rca's, as a person uses it."""
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

# Every canvas of the charts, as a number: a picture that changed has another.
PICTURES = """return [...document.querySelectorAll('.plot')].map(p => [...p.querySelectorAll('canvas')].map(c => {
  const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let h = 7, painted = 0;
  for (let i = 0; i < d.length; i++) { h = (h * 31 + d[i]) | 0; if (d[i]) painted++; }
  return [h, painted]; }))"""


class Browser:
    def __init__(self, chromium, driver):
        options = Options()
        options.binary_location = chromium
        for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(service=Service(driver), options=options)
        self.driver.set_script_timeout(240)  # axe takes its time on a busy machine

    def open(self, path, width=1280, height=900, scheme="light"):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        self.driver.get("file://" + path)

    def script(self, text, *args):
        return self.driver.execute_script(text, *args)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector).text

    def pictures(self):
        return self.script(PICTURES)

    def errors(self):
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    def drag(self, element, start, end):
        """Across @element, from one share of its width to another."""
        width = element.size["width"]
        ActionChains(self.driver).move_to_element_with_offset(element, (start - 0.5) * width, 0).click_and_hold().move_by_offset((end - start) * width, 0).release().perform()

    def hover(self, element):
        self.script("arguments[0].scrollIntoView({block: 'center'})", element)
        ActionChains(self.driver).move_to_element(element).perform()

    def key(self, element, key):
        element.send_keys(getattr(Keys, key))

    def axe(self, source):
        self.script(source)
        found = self.driver.execute_async_script("const done = arguments[arguments.length - 1]; axe.run().then(r => done(r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html.slice(0, 120)).join(' | '))))")
        return found

    def close(self):
        self.driver.quit()
